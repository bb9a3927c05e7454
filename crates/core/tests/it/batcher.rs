//! Batches: which questions are asked together, and which wait for one another.

use std::time::Duration;

use darkroom_core::db::{Batcher, Bounds};
use darkroom_testing::TestDatabase;
use futures_util::{FutureExt, future::join};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(20);

const BOUNDS: Bounds<u32> = Bounds {
    doing: "asking in a test",
    waiting: 100,
    at_a_time: 2,
    waits_for_previous: PATIENCE,
    patience: PATIENCE,
    sends_abandoned: false,
    weigh: |_question| 1,
    weight: 100,
};

/// Questions that are asked together. Once `go` is sent, each is answered with itself.
struct Batch {
    questions: Vec<u32>,
    go: oneshot::Sender<()>,
}

/// The batches, in the order in which they are asked.
struct Batches(mpsc::UnboundedReceiver<Batch>);

impl Batches {
    async fn next(&mut self) -> Batch {
        timeout(PATIENCE, self.0.recv()).await.unwrap().unwrap()
    }
}

fn batcher(database: &TestDatabase, bounds: Bounds<u32>) -> (Batcher<u32, u32>, Batches) {
    let (show, shown) = mpsc::unbounded_channel();
    let pool = database.connect(2);
    let batcher = Batcher::new(pool, bounds, move |_connection, asks| {
        let (go, gone) = oneshot::channel();
        let questions = asks.iter().map(|ask| ask.question).collect();
        show.send(Batch { questions, go }).unwrap();
        async move {
            gone.await.unwrap();
            for ask in asks {
                ask.asker.tell(Ok(ask.question));
            }
        }
    });
    (batcher, Batches(shown))
}

#[tokio::test]
async fn what_is_asked_while_a_statement_is_under_way_is_asked_together_after_it() {
    let database = TestDatabase::empty().await;
    let (batcher, mut seen) = batcher(&database, BOUNDS);

    let mut first = Box::pin(batcher.ask(1));
    assert!(first.as_mut().now_or_never().is_none());
    let alone = seen.next().await;
    let asked = join(batcher.ask(2), batcher.ask(3));
    let let_go = async {
        alone.go.send(()).unwrap();
        let together = seen.next().await;
        together.go.send(()).unwrap();
        together.questions
    };
    let ((second, third), together) = join(asked, let_go).await;

    assert_eq!(alone.questions, [1]);
    assert_eq!(together, [2, 3]);
    assert_eq!([first.await, second, third].map(Result::unwrap), [1, 2, 3]);
}

#[tokio::test]
async fn a_slow_statement_keeps_the_next_one_waiting_only_for_so_long() {
    let database = TestDatabase::empty().await;
    let bounds = Bounds { waits_for_previous: Duration::from_millis(1), ..BOUNDS };
    let (batcher, mut seen) = batcher(&database, bounds);

    let mut slow = Box::pin(batcher.ask(1));
    assert!(slow.as_mut().now_or_never().is_none());
    let held = seen.next().await;
    let let_go = async { seen.next().await.go.send(()).unwrap() };
    let (fast, ()) = join(batcher.ask(2), let_go).await;

    assert_eq!(fast.unwrap(), 2);
    held.go.send(()).unwrap();
    assert_eq!(slow.await.unwrap(), 1);
}

#[tokio::test]
async fn a_question_that_was_kept_waiting_for_too_long_has_done_nothing() {
    let database = TestDatabase::empty().await;
    let bounds = Bounds { patience: Duration::from_millis(1), ..BOUNDS };
    let (batcher, mut seen) = batcher(&database, bounds);
    let mut first = Box::pin(batcher.ask(1));
    assert!(first.as_mut().now_or_never().is_none());
    let held = seen.next().await;

    let error = batcher.ask(2).await.unwrap_err();

    assert!(error.has_done_nothing() && error.is_unavailable(), "{error:?}");
    held.go.send(()).unwrap();
    assert_eq!(first.await.unwrap(), 1);
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_any_more_is_sent_only_where_that_is_wanted() {
    let database = TestDatabase::empty().await;
    for (sends_abandoned, expected) in [(false, vec![3]), (true, vec![2, 3])] {
        let (batcher, mut seen) = batcher(&database, Bounds { sends_abandoned, ..BOUNDS });
        let mut first = Box::pin(batcher.ask(1));
        assert!(first.as_mut().now_or_never().is_none());
        let alone = seen.next().await;
        let mut gone = Box::pin(batcher.ask(2));
        assert!(gone.as_mut().now_or_never().is_none());
        drop(gone);

        let let_go = async {
            alone.go.send(()).unwrap();
            let last = seen.next().await;
            last.go.send(()).unwrap();
            last.questions
        };
        let (third, last) = join(batcher.ask(3), let_go).await;

        assert_eq!((third.unwrap(), last), (3, expected));
    }
}
