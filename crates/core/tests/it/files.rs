//! Images as they are served.

use darkroom_core::{
    images::{MediaType, Prepared},
    store::{self, ImageId, Thumbnail},
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;
use uuid::Uuid;

use crate::factory;

fn small(data: &'static [u8]) -> Prepared {
    Prepared { data: data.into(), media_type: MediaType::Jpeg, width: 160, height: 120 }
}

#[tokio::test]
async fn the_bytes_of_a_file_are_read_only_where_they_are_not_known() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let image = factory::job(pool).await.images[0].id;
    let read = async |known: Option<&[String]>| {
        store::image_file(pool, image, known).await.unwrap().unwrap()
    };
    let file = read(Some(&[])).await;
    let bytes = factory::picture(16, 12, ImageFormat::Jpeg);
    assert_eq!(file.data.as_deref(), Some(&bytes[..]));
    assert_eq!(usize::try_from(file.length).unwrap(), bytes.len());

    assert_eq!(read(Some(&["another".into()])).await.data.as_deref(), Some(&bytes[..]));
    assert_eq!(read(Some(&["another".into(), file.digest])).await.data, None);
    assert_eq!(read(None).await.data, None);
    // Nor are they read if there are many of them.
    let grown = "update images set data = decode(repeat('00', 1000000), 'hex')";
    sqlx::query(grown).execute(pool).await.unwrap();
    let large = read(Some(&[])).await;
    assert_eq!((large.data, large.length), (None, 1_000_000));
}

#[tokio::test]
async fn a_part_of_a_file_is_read_by_itself() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let image = factory::job(pool).await.images[0].id;
    let file = store::image_file(pool, image, None).await.unwrap().unwrap();
    let bytes = factory::picture(16, 12, ImageFormat::Jpeg);

    for part in [0..1, 10..20, 0..bytes.len(), bytes.len() - 1..bytes.len()] {
        let (start, end) = (part.start.try_into().unwrap(), part.end.try_into().unwrap());
        let read = store::file_part(pool, &file, start..end).await.unwrap().unwrap();
        assert_eq!(read, bytes[part]);
    }
    sqlx::query("delete from images").execute(pool).await.unwrap();
    assert!(store::file_part(pool, &file, 0..1).await.unwrap().is_none());
}

#[tokio::test]
async fn the_first_thumbnail_of_a_width_is_kept() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let image = factory::job(pool).await.images[0].id;
    assert!(store::thumbnail_source(pool, image, 8).await.unwrap().is_some());

    store::keep_thumbnail(pool, image, 8, &small(b"first")).await.unwrap();
    store::keep_thumbnail(pool, image, 8, &small(b"second")).await.unwrap();

    let found = store::thumbnail(pool, image, 8, Some(&[])).await.unwrap();
    let Some(Thumbnail::Kept(file)) = found else { panic!("{found:?}") };
    assert_eq!(file.data.as_deref(), Some(&b"first"[..]));
    assert_eq!(store::file_part(pool, &file, 1..3).await.unwrap().unwrap(), "ir");
    assert!(store::thumbnail_source(pool, image, 8).await.unwrap().is_none());
    let other = store::thumbnail(pool, image, 12, None).await.unwrap();
    assert!(
        matches!(other, Some(Thumbnail::Missing { is_needless: false, pixels: 192 })),
        "{other:?}"
    );
    let wide = store::thumbnail(pool, image, 16, None).await.unwrap();
    assert!(matches!(wide, Some(Thumbnail::Missing { is_needless: true, .. })), "{wide:?}");
}

#[tokio::test]
async fn nothing_is_kept_of_an_image_that_is_gone() {
    let database = TestDatabase::create().await;
    let pool = &database.pool;
    let gone = ImageId(Uuid::new_v4());

    store::keep_thumbnail(pool, gone, 160, &small(b"late")).await.unwrap();

    assert_eq!(factory::count(pool, "thumbnails").await, 0);
    assert!(store::thumbnail(pool, gone, 160, None).await.unwrap().is_none());
}
