//! Server-sent events, parsed from bytes that come in pieces of any size (source: the HTML standard,
//! "parsing an event stream").

use std::{collections::VecDeque, mem};

use memchr::memchr2;

/// The longest line, and the longest event.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes bytes and gives events. Only their data is kept: fal gives them neither names nor ids.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The beginning of a line whose end has not arrived.
    line: Vec<u8>,
    /// The data of an event whose end has not arrived; each line ends in LF.
    data: Vec<u8>,
    /// Events that nobody has taken yet.
    ready: VecDeque<Vec<u8>>,
    /// Whether the last byte was a CR: an LF after it belongs to it.
    after_cr: bool,
    /// Whether a first line has been seen.
    begun: bool,
}

impl Events {
    /// Takes the next bytes. The error is the limit, where an event is larger.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), usize> {
        while let Some(first) = bytes.first() {
            if mem::take(&mut self.after_cr) && *first == b'\n' {
                bytes = bytes.get(1..).unwrap_or_default();
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', bytes) else {
                return self.extend_line(bytes);
            };
            let (line, rest) = bytes.split_at(end);
            self.after_cr = rest.first() == Some(&b'\r');
            bytes = rest.get(1..).unwrap_or_default();
            self.extend_line(line)?;
            self.end_line()?;
        }
        Ok(())
    }

    /// The data of the next event.
    pub(crate) fn pop(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn extend_line(&mut self, bytes: &[u8]) -> Result<(), usize> {
        append(&mut self.line, bytes)
    }

    fn end_line(&mut self) -> Result<(), usize> {
        let line = mem::take(&mut self.line);
        let mut text = line.as_slice();
        if !mem::replace(&mut self.begun, true) {
            text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        }
        if text.is_empty() {
            self.end_event();
            return Ok(());
        }
        let (name, value) = field(text);
        // A comment has no name; it only shows that fal is alive.
        if name == b"data" {
            append(&mut self.data, value)?;
            self.data.push(b'\n');
        }
        Ok(())
    }

    /// Ends an event; one without data does not count.
    fn end_event(&mut self) {
        if self.data.pop().is_some() {
            self.ready.push_back(mem::take(&mut self.data));
        }
    }
}

/// `name: value`; the space and the value may be missing.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let name = parts.next().unwrap_or_default();
    let value = parts.next().unwrap_or_default();
    (name, value.strip_prefix(b" ").unwrap_or(value))
}

fn append(kept: &mut Vec<u8>, bytes: &[u8]) -> Result<(), usize> {
    if kept.len() + bytes.len() > MAX_EVENT_BYTES {
        return Err(MAX_EVENT_BYTES);
    }
    kept.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of some bytes, pushed in pieces of this many.
    fn events(bytes: &[u8], piece: usize) -> Vec<String> {
        let mut events = Events::default();
        for piece in bytes.chunks(piece) {
            events.push(piece).unwrap();
        }
        std::iter::from_fn(|| events.pop()).map(|event| String::from_utf8(event).unwrap()).collect()
    }

    #[test]
    fn every_line_end_every_field_and_every_split_gives_the_same_events() {
        let stream = b"\xef\xbb\xbfdata: one\r\n\r\n: ping\n\nevent: status\rid: 7\rdata:two\r\r\
            data\ndata:  three\nretry: 10\nnonsense\n\ndata: cut off";
        for piece in 1..=stream.len() {
            assert_eq!(events(stream, piece), ["one", "two", "\n three"], "{piece}");
        }
    }

    #[test]
    fn a_line_or_an_event_without_end_is_refused() {
        let mut lines = Events::default();
        let mut line = Events::default();
        let kilobyte = [b'x'; 1024];

        let endless = (0..2_000).find_map(|_| line.push(&kilobyte).err());
        let endless_lines = (0..2_000).find_map(|_| {
            lines
                .push(b"data: ")
                .and_then(|()| lines.push(&kilobyte))
                .and_then(|()| lines.push(b"\n"))
                .err()
        });

        assert_eq!(endless, Some(MAX_EVENT_BYTES));
        assert_eq!(endless_lines, Some(MAX_EVENT_BYTES));
    }
}
