//! `darkroom queue`: see and steer the queue.

#![expect(clippy::print_stdout, reason = "a command prints what it was asked for")]

use anyhow::{Context, bail};
use darkroom_core::{
    api_key::ApiKeyId,
    config::Config,
    db::{self, Pool},
    job::JobId,
    models::Models,
    queue::{self, FailedJobs, Scope},
};

use crate::{
    cli::{QueueCommand, Subject, Wanted},
    database,
};

/// How many failed jobs are reopened at a time.
const BATCH: u16 = 500;

pub(crate) async fn run(config: Config, command: QueueCommand) -> anyhow::Result<()> {
    let pool = database::connect_to_current_schema(&config.database).await?;
    let models = Models::load(&config.jobs)?;
    match command {
        QueueCommand::Status => {}
        QueueCommand::Pause(subject) => {
            queue::pause(&pool, &on_offer(scope(subject), &models)?).await?;
        }
        QueueCommand::Resume(subject) => {
            if !queue::resume(&pool, &scope(subject)).await? {
                println!("It was not paused.");
            }
        }
        QueueCommand::Limit { most, subject } => {
            let scope = scope(subject);
            if most == "none" {
                queue::limit(&pool, &scope, None).await?;
            } else {
                let most = most.parse().context("the limit is a number up to 65535, or none")?;
                queue::limit(&pool, &on_offer(scope, &models)?, Some(most)).await?;
            }
        }
        QueueCommand::Retry { jobs, wanted: Wanted { code, model, since, .. } } => {
            let deadline = Some(config.jobs.deadline);
            let jobs: Vec<_> = jobs.into_iter().map(JobId).collect();
            let mut retried = queue::reopen(&pool, &jobs, deadline).await?.len();
            if jobs.is_empty() {
                // Jobs that fail again meanwhile are not retried: that would pay for them again and again.
                let until = Some(db::now(&pool).await?);
                let wanted = FailedJobs { code, model, since, until };
                loop {
                    let failed = queue::failed_jobs(&pool, &wanted, BATCH).await?;
                    retried += queue::reopen(&pool, &failed, deadline).await?.len();
                    if failed.len() < usize::from(BATCH) {
                        break;
                    }
                }
            } else if retried < jobs.len() {
                println!("{} of them have not failed, or do not exist.", jobs.len() - retried);
            }
            println!("{retried} jobs are tried again.");
        }
    }
    status(&pool).await?;
    pool.close().await;
    Ok(())
}

fn scope(subject: Subject) -> Scope {
    match subject {
        Subject { model: Some(model), .. } => Scope::Model(model),
        Subject { api_key: Some(key), .. } => Scope::ApiKey(ApiKeyId(key)),
        Subject { model: None, api_key: None } => Scope::Everything,
    }
}

/// What a new rule is about. To be lifted, a rule may be of a model that was on offer once.
fn on_offer(scope: Scope, models: &Models) -> anyhow::Result<Scope> {
    match &scope {
        Scope::Model(model) if models.find(model).is_none() => bail!("there is no model `{model}`"),
        _ => Ok(scope),
    }
}

async fn status(pool: &Pool) -> anyhow::Result<()> {
    println!("workers: {}", queue::workers(pool).await?);
    if let Some(halt) = queue::halted(pool).await? {
        println!("halted since {}: the provider says {}", halt.since, halt.failure_code);
    }
    let standings = queue::census(pool).await?;
    println!(
        "{:<44} {:>9} {:>9} {:>9} {:>10}",
        "model", "in line", "resting", "in flight", "oldest s"
    );
    for model in standings {
        let oldest = model.oldest_seconds.map_or_else(|| "-".to_owned(), |age| age.to_string());
        println!(
            "{:<44} {:>9} {:>9} {:>9} {oldest:>10}",
            model.model, model.in_line, model.resting, model.in_flight
        );
    }
    for rule in queue::rules(pool).await? {
        let subject =
            if rule.subject.is_empty() { String::new() } else { format!(" {}", rule.subject) };
        if let Some(most) = rule.max_in_flight {
            println!("limit: {}{subject} to {most} in flight", rule.scope);
        }
        if let Some(since) = rule.paused_at {
            println!("paused: {}{subject}, since {since}", rule.scope);
        }
    }
    Ok(())
}
