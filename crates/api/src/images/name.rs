//! The name that a client saves an image under.

use darkroom_core::{images::MediaType, store::ImageFile};

/// The most characters of the prompt in a name.
const LONGEST: usize = 40;

/// Digits of the image's id in a name: enough to tell the images of a folder apart.
const ID_DIGITS: usize = 8;

/// Stands for a prompt that has no word that a name can have.
const NAMELESS: &str = "darkroom";

/// The beginning of the prompt, the image's role and place, and its id: `a-rainy-evening-1-0f3a9c2e.png`.
///
/// Only lower-case ASCII letters, digits, hyphens and one dot, so that no client misreads it (RFC 6266, appendix D).
pub(super) fn file_name(file: &ImageFile) -> String {
    let slug = slug(&file.prompt);
    let role = if file.is_result { "" } else { "input-" };
    let number = u32::from(file.position) + 1;
    let id: String = file.image.0.simple().to_string().chars().take(ID_DIGITS).collect();
    let width = file.scaled_to.map(|width| format!("-{width}w")).unwrap_or_default();
    let extension = file.media_type.parse().map_or("bin", MediaType::extension);
    format!("{slug}-{role}{number}-{id}{width}.{extension}")
}

/// The first words of a prompt. Words that are not only of ASCII letters and digits are left out.
fn slug(prompt: &str) -> String {
    let words = prompt
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty() && word.is_ascii());
    let mut slug = String::new();
    for word in words {
        if slug.is_empty() {
            slug.extend(word.chars().take(LONGEST));
        } else if slug.len() + 1 + word.len() <= LONGEST {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    if slug.is_empty() { NAMELESS.into() } else { slug.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{
        ContentDisposition, DispositionParam, DispositionType, TryIntoHeaderValue,
    };
    use darkroom_core::store::ImageId;
    use proptest::prelude::*;

    use super::*;

    fn result(prompt: &str) -> ImageFile {
        ImageFile {
            image: ImageId("0f3a9c2e-0000-4000-8000-000000000000".parse().unwrap()),
            scaled_to: None,
            is_result: true,
            position: 0,
            prompt: prompt.into(),
            media_type: "image/png".into(),
            digest: String::new(),
            length: 0,
            data: None,
        }
    }

    #[test]
    fn a_name_tells_prompt_role_place_and_id() {
        let result = result("Rainy evening, neon");
        let input = ImageFile { is_result: false, position: 2, ..result.clone() };
        let small =
            ImageFile { scaled_to: Some(320), media_type: "image/jpeg".into(), ..result.clone() };

        assert_eq!(file_name(&result), "rainy-evening-neon-1-0f3a9c2e.png");
        assert_eq!(file_name(&input), "rainy-evening-neon-input-3-0f3a9c2e.png");
        assert_eq!(file_name(&small), "rainy-evening-neon-1-0f3a9c2e-320w.jpg");
    }

    #[test]
    fn words_that_a_name_cannot_have_are_left_out() {
        for (prompt, slug_of_it) in [
            ("Café crème at night", "at-night"),
            ("夜の雨", NAMELESS),
            ("  \r\n\"../../etc/passwd\"; x=\u{202e}", "etc-passwd-x"),
            ("!?", NAMELESS),
            ("", NAMELESS),
            (
                "make it look like a poster of the nineteen-fifties",
                "make-it-look-like-a-poster-of-the",
            ),
            (&"x".repeat(100), &"x".repeat(LONGEST)),
        ] {
            assert_eq!(slug(prompt), slug_of_it, "{prompt}");
        }
    }

    proptest! {
        #[test]
        fn any_prompt_gives_a_header_that_parses(prompt in any::<String>()) {
            let name = file_name(&result(&prompt));

            let header = ContentDisposition::attachment(&name).try_into_value().unwrap();

            let parsed = ContentDisposition::from_raw(&header).unwrap();
            prop_assert_eq!(parsed.disposition, DispositionType::Attachment);
            prop_assert_eq!(parsed.parameters, [DispositionParam::Filename(name.clone())]);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
            prop_assert!(name.chars().all(plain), "{}", name);
            prop_assert!(name.len() <= LONGEST + "-1-0f3a9c2e.png".len());
        }
    }
}
