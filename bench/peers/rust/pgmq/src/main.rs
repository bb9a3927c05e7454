//! `pgmq`: its SQL functions, without the extension, and its client.
//!
//! It is a queue of messages and has no workers: this one reads a batch, handles it and deletes it.

use std::time::Duration;

use anyhow::{Context, Result};
use pgmq::PGMQueueExt;
use pgmq::types::Message;
use protocol::{Handler, Job, Load, Queue, Worker};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const QUEUE: &str = "edit";
/// One that tells of each message, which costs whoever sends.
const AWAKE: &str = "edit_awake";
/// Where it tells of them.
const CHANNEL: &str = "pgmq.q_edit_awake.INSERT";
/// Messages a statement, when many are sent.
const CHUNK: usize = 1000;
/// Messages a read.
const BATCH: i32 = 1000;
/// Loops that read, each with a connection.
const LOOPS: u32 = 4;
/// Between two reads while there is nothing.
const REST: Duration = Duration::from_millis(100);
/// Seconds after which a message that is not deleted can be read again.
const VISIBILITY_TIMEOUT: i32 = 60;

struct Pgmq {
    client: PGMQueueExt,
    queue: &'static str,
}

impl Queue for Pgmq {
    const PACKAGE: &'static str = "pgmq";
    const SETTINGS: &'static str = "drain: 4 loops of read and delete, 1000 messages each; wake, work: notify_insert on a \
        queue of its own, not throttled; bulk: send_batch of 1000; no status, no retry policy";
    const UNFINISHED: &'static str =
        "select exists (select from pgmq.q_edit) or exists (select from pgmq.q_edit_awake)";

    async fn setup(url: &str) -> Result<()> {
        let pool = pool(url, 1).await?;
        let queue = PGMQueueExt::new_with_pool(pool.clone()).await;
        queue.install_sql_from_embedded().await?;
        queue.create(QUEUE).await?;
        queue.create(AWAKE).await?;
        sqlx::query("select pgmq.enable_notify_insert($1, 0)").bind(AWAKE).execute(&pool).await?;
        Ok(())
    }

    async fn open(url: &str, connections: u32, load: Load) -> Result<Self> {
        Ok(Self {
            client: PGMQueueExt::new_with_pool(pool(url, connections).await?).await,
            queue: match load {
                Load::Backlog => QUEUE,
                Load::Idle => AWAKE,
            },
        })
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        self.client.send(self.queue, &job).await?;
        Ok(())
    }

    async fn enqueue_all(&self, jobs: Vec<Job>) -> Result<()> {
        for chunk in jobs.chunks(CHUNK) {
            self.client.send_batch(self.queue, chunk).await?;
        }
        Ok(())
    }

    async fn worker(url: &str, load: Load, handler: Handler) -> Result<Worker> {
        let pool = match load {
            Load::Backlog => pool(url, LOOPS).await?,
            Load::Idle => PgPool::connect(url).await?,
        };
        let client = PGMQueueExt::new_with_pool(pool.clone()).await;
        let (stop, stopped) = oneshot::channel();
        let run = async move {
            let mut tasks = JoinSet::new();
            match load {
                Load::Backlog => {
                    for _ in 0..LOOPS {
                        tasks.spawn(work_off(client.clone(), handler.clone()));
                    }
                }
                Load::Idle => {
                    let mut listener = PgListener::connect_with(&pool).await?;
                    listener.listen(CHANNEL).await?;
                    tasks.spawn(listen(listener, client, handler));
                }
            }
            tokio::select! {
                ended = tasks.join_next() => ended.context("there was no loop")??,
                _ = stopped => Ok(()),
            }
        };
        Ok(Worker::new(run, move || {
            let _ = stop.send(());
        }))
    }
}

/// Reads again and again, and rests while nothing is there.
async fn work_off(client: PGMQueueExt, handler: Handler) -> Result<()> {
    loop {
        let messages = client.read_batch(QUEUE, VISIBILITY_TIMEOUT, BATCH).await?;
        if messages.is_empty() {
            tokio::time::sleep(REST).await;
        } else {
            finish(&client, QUEUE, messages, &handler).await?;
        }
    }
}

/// Reads until nothing is there, and again when it is told that something is.
async fn listen(mut listener: PgListener, client: PGMQueueExt, handler: Handler) -> Result<()> {
    loop {
        let messages = client.read_batch(AWAKE, VISIBILITY_TIMEOUT, 10).await?;
        if messages.is_empty() {
            listener.recv().await?;
        } else {
            finish(&client, AWAKE, messages, &handler).await?;
        }
    }
}

async fn finish(
    client: &PGMQueueExt,
    queue: &str,
    messages: Vec<Message<Job>>,
    handler: &Handler,
) -> Result<()> {
    for message in &messages {
        handler.run(message.message.number);
    }
    let ids: Vec<_> = messages.iter().map(|message| message.msg_id).collect();
    client.delete_batch(queue, &ids).await?;
    Ok(())
}

protocol::pool!();

#[tokio::main]
async fn main() -> Result<()> {
    protocol::run::<Pgmq>().await
}
