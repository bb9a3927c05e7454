//! An operator's rules: set, held for a while, and taken back.

use darkroom_core::{
    db,
    queue::{self, Scope},
};
use time::OffsetDateTime;
use tokio::time::{Duration, sleep};

use super::{
    super::{fault::Rule, house::House, lock},
    Tally,
};

/// How long a claim may still be under way that began before the rule was set, and so ignores it.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// A rule, and when it surely held.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// Which model it is about; `None` means all of them.
    pub(crate) model: Option<&'static str>,
    /// How many may be in flight at a claim, the claimed job included.
    pub(crate) most: i64,
    pub(crate) since: OffsetDateTime,
    pub(crate) until: OffsetDateTime,
}

/// Sets a rule, and takes it back after a while.
pub(super) async fn hold(
    house: &House,
    rule: Rule,
    lasts: Duration,
    tally: &Tally,
) -> anyhow::Result<()> {
    let model = match rule {
        Rule::Pause => None,
        Rule::PauseModel(model) | Rule::LimitModel(model, _) => Some(model),
    };
    let scope = model.map_or(Scope::Everything, |model| Scope::Model(model.to_owned()));
    let most = match rule {
        Rule::LimitModel(_, most) => Some(most),
        Rule::Pause | Rule::PauseModel(_) => None,
    };
    match most {
        Some(_) => queue::limit(&house.pool, &scope, most).await?,
        None => queue::pause(&house.pool, &scope).await?,
    }
    let since = db::now(&house.pool).await;
    sleep(lasts).await;
    let until = db::now(&house.pool).await;
    if let (Ok(since), Ok(until)) = (since, until) {
        let most = most.map_or(0, i64::from);
        let held = Held { model, most, since: since + UNDER_WAY, until };
        lock(&tally.held).push(held);
    }
    // Repeated until the database accepts it: otherwise a pause would stay for ever.
    loop {
        let taken_back = match most {
            Some(_) => queue::limit(&house.pool, &scope, None).await,
            None => queue::resume(&house.pool, &scope).await.map(drop),
        };
        match taken_back {
            Ok(()) => return Ok(()),
            Err(_away) => sleep(Duration::from_millis(250)).await,
        }
    }
}
