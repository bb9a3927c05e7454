//! The part of a file that a request asks for (RFC 9110, §14).

use std::ops::Range as Positions;

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, EntityTag, Header, IfRange, Range},
    },
};

/// How much of a file is to be sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// Some of its bytes, at least one.
    Some(Positions<u64>),
    /// None: the range is past its end.
    Beyond,
}

impl Part {
    /// The part that a request asks for of a file with this tag and length.
    ///
    /// The whole file is always a right answer: to methods other than GET, to several ranges, to a range that is
    /// malformed or in another unit, and where `If-Range` names another file.
    pub(crate) fn of(request: &HttpRequest, tag: &EntityTag, length: u64) -> Self {
        let headers = request.headers();
        if *request.method() != Method::GET || !is_of(request, tag) {
            return Self::Whole;
        }
        // The parser skips what it cannot read between commas, so lists are found here.
        let is_list =
            headers.get(header::RANGE).is_some_and(|range| range.as_bytes().contains(&b','));
        match Range::parse(request) {
            Ok(Range::Bytes(ranges)) if !is_list => match ranges.as_slice() {
                [range] => range
                    .to_satisfiable_range(length)
                    .map_or(Self::Beyond, |(first, last)| Self::Some(first..last + 1)),
                _ => Self::Whole,
            },
            _ => Self::Whole,
        }
    }
}

/// Whether the part is wanted of this file. Without `If-Range`, it is wanted of any.
fn is_of(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_RANGE) {
        return true;
    }
    // A date in `If-Range` never matches, because files have none.
    matches!(IfRange::parse(request), Ok(IfRange::EntityTag(wanted)) if wanted.strong_eq(tag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    use super::*;

    const LENGTH: u64 = 1000;

    fn part(range: &str) -> Part {
        let request = TestRequest::get().insert_header((header::RANGE, range)).to_http_request();
        Part::of(&request, &EntityTag::new_strong("tag".into()), LENGTH)
    }

    #[test]
    fn a_single_range_is_cut_to_what_there_is() {
        assert_eq!(part("bytes=0-0"), Part::Some(0..1));
        assert_eq!(part("bytes=10-19"), Part::Some(10..20));
        assert_eq!(part("bytes=990-2000"), Part::Some(990..1000));
        assert_eq!(part("bytes=990-"), Part::Some(990..1000));
        assert_eq!(part("bytes=-10"), Part::Some(990..1000));
        assert_eq!(part("bytes=-2000"), Part::Some(0..1000));
    }

    #[test]
    fn a_range_after_the_end_and_one_of_nothing_are_beyond_the_file() {
        for range in ["bytes=1000-", "bytes=1000-1001", "bytes=-0"] {
            assert_eq!(part(range), Part::Beyond, "{range}");
        }
    }

    #[test]
    fn several_ranges_and_malformed_ones_are_answered_with_the_whole_file() {
        for range in [
            "bytes=0-1,4-5",
            "bytes=0-1,x",
            "bytes=0-1,",
            "bytes=5-4",
            "bytes=-",
            "bytes=",
            "bytes",
            "bytes=a-b",
            "bytes=0-99999999999999999999999",
            "lines=0-1",
            "",
        ] {
            assert_eq!(part(range), Part::Whole, "{range}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_lies_in_the_file(range in "(bytes|lines)?=?[-0-9,; ]{0,12}") {
            if let Part::Some(positions) = part(&range) {
                prop_assert!(positions.start < positions.end && positions.end <= LENGTH);
            }
        }

        #[test]
        fn every_range_of_two_positions_is_what_it_says(from in 0..2 * LENGTH, to in 0..2 * LENGTH) {
            let meant = match (from < LENGTH, from <= to) {
                (_, false) => Part::Whole,
                (true, true) => Part::Some(from..(to + 1).min(LENGTH)),
                (false, true) => Part::Beyond,
            };
            prop_assert_eq!(part(&format!("bytes={from}-{to}")), meant);
        }
    }
}
