//! The head of an answer: only what is needed to find the end of the answer is read from it.

use anyhow::{Context, bail};

/// Status code, and where the body is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) body_at: usize,
    pub(super) body_bytes: usize,
}

impl Head {
    /// Reads it; `None` while it is incomplete.
    pub(super) fn read(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3)?.parse().ok())
            .context("an answer has no status line")?;
        let length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let Some((_, length)) = length else {
            bail!("an answer says nothing of its length:\n{head}");
        };
        Ok(Some(Self { status, body_at: end + 4, body_bytes: length.trim().parse()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nlocation: x\r\n\r\n{}";

        assert_eq!(Head::read(answer.get(..40).unwrap()).unwrap(), None);
        let head = Head::read(answer).unwrap().unwrap();
        assert_eq!((head.status, head.body_bytes), (201, 2));
        assert_eq!(answer.get(head.body_at..).unwrap(), b"{}");
    }

    #[test]
    fn an_answer_of_unknown_length_is_an_error() {
        assert!(Head::read(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
