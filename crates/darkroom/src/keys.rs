//! `darkroom keys`: make, list, limit and revoke API keys.

#![expect(clippy::print_stdout, reason = "a command prints what it was asked for")]
#![expect(clippy::print_stderr, reason = "what is said beside the key is not part of it")]

mod limits;

use anyhow::{Context, bail};
use darkroom_core::{
    api_key::{ApiKey, Token},
    config::Config,
    db::Pool,
    queue, store,
};
use secrecy::ExposeSecret;

use crate::{cli::KeysCommand, database};

/// The longest name of a key, in characters.
const MOST_CHARS: usize = 100;

pub(crate) async fn run(config: Config, command: KeysCommand) -> anyhow::Result<()> {
    let pool = database::connect_to_current_schema(&config.database).await?;
    match command {
        KeysCommand::Create { name, admin } => create(&pool, &name, admin).await?,
        KeysCommand::List => list(&pool).await?,
        KeysCommand::Limit { key, limits } => {
            let key = find(&pool, &key).await?;
            limits::set(&pool, &key, &limits).await?;
            list(&pool).await?;
        }
        KeysCommand::Revoke { key } => {
            let key = find(&pool, &key).await?;
            if store::revoke_api_key(&pool, key.id).await? {
                println!("{} ({}) is revoked.", key.prefix, key.name);
            } else {
                println!("{} ({}) was revoked before.", key.prefix, key.name);
            }
        }
    }
    pool.close().await;
    Ok(())
}

/// Prints the key alone to stdout, for scripts.
async fn create(pool: &Pool, name: &str, is_admin: bool) -> anyhow::Result<()> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MOST_CHARS || name.contains('\0') {
        bail!("the name must have 1 to {MOST_CHARS} characters, and no NUL");
    }
    let token = Token::generate().ok().context("this machine has no randomness")?;
    let id = store::create_api_key(pool, name, &token, is_admin).await?;
    eprintln!("This is the key. It is kept nowhere, and not shown again. Its id is {}.", id.0);
    println!("{}", token.secret().expose_secret());
    Ok(())
}

async fn list(pool: &Pool) -> anyhow::Result<()> {
    println!("{:<11} {:<36} {:<5} {:<10} name, limits", "begins with", "id", "admin", "since");
    let rules = queue::rules(pool).await?;
    for key in store::api_keys(pool).await? {
        let state = if key.revoked_at.is_some() { " (revoked)" } else { "" };
        let admin = if key.is_admin { "yes" } else { "no" };
        let limits = limits::told(&key, &rules);
        println!(
            "{:<11} {:<36} {admin:<5} {:<10} {}{state}{limits}",
            key.prefix,
            key.id.0,
            key.created_at.date(),
            key.name
        );
    }
    Ok(())
}

async fn find(pool: &Pool, key: &str) -> anyhow::Result<ApiKey> {
    let found = store::api_key(pool, key.trim()).await?;
    found.context("there is no such key; `darkroom keys list` lists those there are")
}
