//! The sides, and a round of each in turn.

use super::fastapi::FastApi;
use crate::{
    cli::Extent,
    load::{self, Figures, Requests},
    stand::{DATABASE, Stand},
    statements::Counter,
};

/// What a side is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// The same answer each time.
    Constant,
    /// One row, read or written.
    Statement,
    /// The service that Darkroom replaces.
    FastApi,
    /// Darkroom.
    Darkroom,
}

/// The server that answers.
#[derive(Clone, Copy)]
pub(super) enum Server<'a> {
    /// A server that runs, at this port.
    At(u16),
    /// One that is started for each round, because it keeps in memory whatever it is sent.
    Anew(&'a FastApi),
}

/// A server, and the requests that it is sent.
pub(super) struct Side<'a> {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) server: Server<'a>,
    pub(super) requests: Requests,
}

/// The figures of a side's rounds.
pub(super) struct Measured {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) figures: Figures,
    /// Statements sent to the database for each request.
    pub(super) statements: Option<f64>,
}

impl<'a> Side<'a> {
    /// A side that is sent the same request over and over.
    pub(super) fn of(kind: Kind, server: Server<'a>, request: Vec<u8>) -> Self {
        let name = match kind {
            Kind::Constant => "bare actix-web, constant answer",
            Kind::Statement => "bare actix-web, one statement",
            Kind::FastApi => "FastAPI, one process, jobs in memory",
            Kind::Darkroom => "Darkroom",
        };
        Self { kind, name: name.to_owned(), server, requests: [request.into()].into() }
    }

    async fn round(&self, stand: &Stand<'_>, extent: &Extent) -> anyhow::Result<Figures> {
        match &self.server {
            Server::At(port) => self.round_at(*port, extent).await,
            Server::Anew(fastapi) => {
                let served = fastapi.serve(stand.ground).await?;
                self.round_at(served.port, extent).await
            }
        }
    }

    async fn round_at(&self, port: u16, extent: &Extent) -> anyhow::Result<Figures> {
        load::round(port, &self.requests, extent.connections, extent.round()).await
    }
}

/// Measures all sides in turn, round by round.
pub(super) async fn measured(
    sides: &[Side<'_>],
    stand: &Stand<'_>,
    counter: Counter,
    extent: &Extent,
) -> anyhow::Result<Vec<Measured>> {
    let mut rounds = vec![Vec::new(); sides.len()];
    let mut statements: Vec<Option<u32>> = vec![Some(0); sides.len()];
    for _ in 0..extent.rounds {
        for ((side, rounds), statements) in sides.iter().zip(&mut rounds).zip(&mut statements) {
            let before = counter.count(stand.pool, DATABASE).await?;
            rounds.push(side.round(stand, extent).await?);
            let after = counter.count(stand.pool, DATABASE).await?;
            let sent = after.zip(before).map(|(after, before)| after - before);
            *statements = statements.zip(sent).map(|(all, sent)| all + sent);
        }
    }
    let measured = sides.iter().zip(rounds).zip(statements).map(|((side, rounds), statements)| {
        let sent: u32 = rounds.iter().map(|round| round.sent).sum();
        Ok(Measured {
            kind: side.kind,
            name: side.name.clone(),
            figures: Figures::median(rounds)?,
            statements: statements.map(|statements| f64::from(statements) / f64::from(sent)),
        })
    });
    measured.collect()
}
