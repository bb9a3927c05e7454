//! Secrets that all replicas share and nobody has to configure.

use ring::rand::{SecureRandom, SystemRandom};
use secrecy::SecretSlice;

use crate::db::{Error, Pool};

/// Length of a secret, in bytes.
const LENGTH: usize = 32;

/// The secret of this name; the first call makes it.
pub async fn secret(pool: &Pool, name: &str) -> Result<SecretSlice<u8>, Error> {
    let mut fresh = [0; LENGTH];
    SystemRandom::new().fill(&mut fresh).map_err(|_unspecified| {
        Error::doing("making a secret")(sqlx::Error::Io(std::io::Error::other("no randomness")))
    })?;
    let value = sqlx::query_scalar!(
        r#"with made as (
               insert into secrets (name, value) values ($1, $2)
               on conflict on constraint secrets_pkey do nothing
               returning value
           )
           select value as "value!" from made
           union all select value from secrets where name = $1"#,
        name,
        &fresh[..],
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading a secret"))?;
    match value {
        Some(value) => Ok(value.into()),
        // Somebody else made it at this very moment; a later statement sees it.
        None => sqlx::query_scalar!("select value from secrets where name = $1", name)
            .fetch_one(pool)
            .await
            .map(Into::into)
            .map_err(Error::doing("reading a secret")),
    }
}
