//! Intake: jobs that are asked for at the same time are made in one statement, and workers and watchers are notified.

mod announcement;
mod asked;
mod copy;
mod create;
mod draft;
mod idempotency;
mod insert;
mod limits;
mod parent;
mod reuse;

use std::{slice, time::Duration};

use crate::{
    db::{Ask, Batcher, Bounds, Connection, Error, Pool},
    job::{Job, NewJob},
    queue::Waker,
};
use announcement::Announcement;
pub use asked::{Asked, Refusal};
pub use create::create;
use create::create_within;
use draft::Draft;
pub(super) use idempotency::REMEMBERED;
pub use idempotency::{IdempotencyKey, asked_before};
use insert::{insert, insert_all};
pub(crate) use limits::check as check_limits;
pub use parent::Parent;
pub use reuse::Cache;

const DOING: &str = "asking for a job";

/// Pictures of up to this many bytes reach the disk in a moment.
const LITTLE: usize = 1024 * 1024;

/// The most bytes of pictures with which a job is made together with others. With more, it gains little from that.
const LIGHT: usize = 256 * 1024;

/// What a job weighs without its pictures and its prompt: a statement makes 512 jobs at most.
const ROW: usize = 2 * 1024;

const BOUNDS: Bounds<Draft> = Bounds {
    doing: DOING,
    // More than the API has connections: a request that had to wait to be queued would not be answered with the others
    // when the database is away.
    waiting: 5_000,
    at_a_time: 4,
    waits_for_previous: Duration::from_millis(2),
    patience: Duration::from_secs(3),
    sends_abandoned: false,
    weigh: |draft| ROW + draft.new.prompt.len() + draft.bytes(),
    weight: LITTLE,
};

/// Where jobs are asked for; cheap to clone.
///
/// A job's idempotency key, its row, its images and its place in the queue commit together or not at all. A job that is
/// answered with another's results is completed, and has no place in the queue. Workers and watchers are notified: by
/// that commit itself where this process was quiet, otherwise shortly after it.
#[derive(Clone, Debug)]
pub struct Intake {
    pool: Pool,
    waker: Waker,
    together: Batcher<Draft, Job>,
}

impl Intake {
    /// Must be called in a tokio runtime; its task ends with the last clone.
    pub fn new(pool: Pool, waker: Waker) -> Self {
        let teller = waker.clone();
        let together = Batcher::new(pool.clone(), BOUNDS, move |connection, asks| {
            make_all(connection, asks, teller.clone())
        });
        Self { pool, waker, together }
    }

    /// Asks for a job.
    ///
    /// A job of small pictures, without an idempotency key, a parent, limits or a look into the cache, is made together
    /// with others that are asked for at the same time. If its caller is gone before their statement begins, it is not
    /// made.
    pub async fn ask(&self, new: NewJob) -> Result<Asked, Error> {
        let mut draft = Draft::of(new);
        if !draft.is_made_at_once() {
            return self.ask_within(draft).await;
        }
        // For later requests, which may reuse the result.
        draft.request_hash = draft.new.cache.map(|_kept| reuse::request_hash(&draft));
        if draft.new.idempotency_key.is_none() && draft.bytes() <= LIGHT {
            let made = self.together.ask(draft).await?;
            return Ok(Asked::Made(Box::new(made)));
        }
        self.ask_alone(draft).await
    }

    async fn ask_alone(&self, draft: Draft) -> Result<Asked, Error> {
        // The pictures of a repeated request are not sent to the database again.
        if draft.bytes() > LIGHT
            && let Some(before) = self.before(&draft).await?
        {
            return Ok(before);
        }
        let news = Announcement::new(&self.waker, draft.bytes() <= LITTLE);
        let pool = self.pool.carrying(draft.bytes());
        let at = insert(&pool, &draft, news.is_in_commit()).await;
        let Some(at) = at.map_err(Error::doing(DOING))? else {
            drop(news);
            return self.before(&draft).await?.ok_or_else(forgotten);
        };
        let job = draft.made(at);
        news.made(slice::from_ref(&job));
        Ok(Asked::Made(Box::new(job)))
    }

    async fn before(&self, draft: &Draft) -> Result<Option<Asked>, Error> {
        match &draft.new.idempotency_key {
            Some(key) => asked_before(&self.pool, draft.new.api_key, key).await,
            None => Ok(None),
        }
    }

    async fn ask_within(&self, draft: Draft) -> Result<Asked, Error> {
        let is_little = draft.copies_nothing() && draft.bytes() <= LITTLE;
        let news = Announcement::new(&self.waker, is_little);
        let pool = self.pool.carrying(draft.bytes());
        let mut transaction = pool.begin().await.map_err(Error::doing(DOING))?;
        let asked = create_within(&mut transaction, draft, news.is_in_commit()).await;
        let asked = asked.map_err(Error::doing(DOING))?.ok_or_else(forgotten)?;
        if let Asked::Made(job) = &asked {
            transaction.commit().await.map_err(Error::doing(DOING))?;
            news.made(slice::from_ref(job));
        }
        Ok(asked)
    }
}

/// Makes jobs in one statement or, where one of them cannot be made, each by itself.
async fn make_all(mut connection: Connection, asks: Vec<Ask<Draft, Job>>, waker: Waker) {
    let (drafts, askers): (Vec<_>, Vec<_>) =
        asks.into_iter().map(|ask| (ask.question, ask.asker)).unzip();
    let news = Announcement::new(&waker, true);
    let inserted = insert_all(&mut connection, &drafts, news.is_in_commit()).await;
    match inserted.map_err(Error::doing(DOING)) {
        Ok(at) => {
            drop(connection);
            let jobs: Vec<_> = drafts.into_iter().map(|draft| draft.made(at)).collect();
            news.made(&jobs);
            for (job, asker) in jobs.into_iter().zip(askers) {
                asker.tell(Ok(job));
            }
        }
        Err(error) if error.is_unavailable() || drafts.len() < 2 => {
            for asker in askers {
                asker.tell(Err(error.clone()));
            }
        }
        Err(_one_of_them) => {
            drop(news);
            for (draft, asker) in drafts.into_iter().zip(askers) {
                let at = insert_all(&mut connection, slice::from_ref(&draft), false).await;
                let made = at.map(|at| draft.made(at)).map_err(Error::doing(DOING));
                if let Ok(job) = &made {
                    Announcement::new(&waker, false).made(slice::from_ref(job));
                }
                asker.tell(made);
            }
        }
    }
}

/// The idempotency key was taken, but was forgotten before it was looked up: asked for again, the job is made.
fn forgotten() -> Error {
    Error::unanswered(DOING)
}
