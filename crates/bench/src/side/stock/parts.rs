//! Splits millions of rows into a statement for each part: each ends long before the pool's time limit, even on a slow
//! machine.

use darkroom_core::models;
use sqlx::{AssertSqlSafe, Postgres, postgres::PgArguments, query::Query};

use super::PROMPT;

/// Jobs of a statement.
const JOBS: i64 = 50_000;

/// What one statement makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Part {
    /// Ids begin after this one.
    after: i64,
    jobs: i64,
    /// Jobs of the parts that follow.
    pub(super) left: i64,
}

/// The parts of this many jobs, in their order.
pub(super) fn parts(after: i64, jobs: i64) -> impl Iterator<Item = Part> {
    let mut made = 0;
    std::iter::from_fn(move || {
        let left = jobs - made;
        let part = Part { after: after + made, jobs: left.min(JOBS), left: (left - JOBS).max(0) };
        made += part.jobs;
        (part.jobs > 0).then_some(part)
    })
}

impl Part {
    /// Binds this part to a statement's `$1` to `$4`.
    pub(super) fn bound(self, statement: String) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(AssertSqlSafe(statement))
            .bind(self.after)
            .bind(self.jobs)
            .bind(PROMPT)
            .bind(models::DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_come_to_all_jobs() {
        let of = |jobs| parts(7, jobs).map(|it| (it.after, it.jobs, it.left)).collect::<Vec<_>>();

        assert_eq!(of(0), []);
        assert_eq!(of(JOBS), [(7, JOBS, 0)]);
        assert_eq!(
            of(2 * JOBS + 1),
            [(7, JOBS, JOBS + 1), (7 + JOBS, JOBS, 1), (7 + 2 * JOBS, 1, 0)]
        );
    }
}
