//! Columns that a later version adds while this one runs: they change nothing about this version's statements.

use std::fs;

use darkroom_core::db::Pool;
use darkroom_testing::TestDatabase;
use sqlx::{AssertSqlSafe, Column as _, Executor as _, SqlSafeStr as _, Statement as _};

/// The statements, as `scripts/prepare-queries` writes them down.
const STATEMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");

/// Adds to each table the columns of all others. A `point` is not taken for any of them.
const WIDEN: &str = "do $$
    declare lacking record;
    begin
        for lacking in
            with known as (
                select table_name, column_name from information_schema.columns
                where table_schema = 'public' and table_name <> '_sqlx_migrations'
            )
            select table_name, string_agg(format('add column %I point', column_name), ', ') as columns
            from (
                select tables.table_name, columns.column_name
                from (select distinct table_name from known) as tables
                    cross join (select distinct column_name from known) as columns
                except
                select table_name, column_name from known
            ) as missing
            group by table_name
        loop
            execute format('alter table %I %s', lacking.table_name, lacking.columns);
        end loop;
    end
$$";

/// A column of the same name in another table would make a name ambiguous, or mean another column. And where a
/// statement is answered with more columns than when it was prepared, PostgreSQL refuses it.
#[tokio::test]
async fn every_statement_means_the_same_when_other_tables_have_columns_of_the_same_names() {
    let database = TestDatabase::create().await;
    let statements = statements();
    assert!(statements.len() > 100, "statements are written down elsewhere");
    let mut before = Vec::new();
    for statement in &statements {
        before.push(columns(&database.pool, statement).await.unwrap());
    }
    sqlx::raw_sql(WIDEN).execute(&mut database.pool.acquire().await.unwrap()).await.unwrap();

    // Not one of the connections that remember what they prepared.
    let pool = database.connect(1);
    let mut changed = Vec::new();
    for (statement, before) in statements.iter().zip(before) {
        match columns(&pool, statement).await {
            Ok(after) if after == before => {}
            Ok(after) => changed.push(format!("{statement}\nis answered with {after:?}")),
            Err(error) => changed.push(format!("{statement}\n{error}")),
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n\n"));
}

fn statements() -> Vec<String> {
    let files = fs::read_dir(STATEMENTS).unwrap();
    let read = |file: fs::DirEntry| -> serde_json::Value {
        serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap()
    };
    let statements = files.map(|file| read(file.unwrap())["query"].as_str().unwrap().to_owned());
    statements.collect()
}

/// The columns of a statement's answer.
async fn columns(pool: &Pool, statement: &str) -> Result<Vec<String>, sqlx::Error> {
    let prepared = pool.prepare(AssertSqlSafe(statement).into_sql_str()).await?;
    Ok(prepared.columns().iter().map(|column| column.name().to_owned()).collect())
}
