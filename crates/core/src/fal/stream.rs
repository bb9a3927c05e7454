//! Watch: fal reports by itself how far a request is (source: fal's inference API reference, status
//! stream).

mod events;

use std::time::Duration;

use reqwest::{
    Response,
    header::{ACCEPT, HeaderValue},
};
use tokio::time::timeout;

use super::{
    Client, Error,
    answer::{Answer, MAX_ANSWER_BYTES, chunk, send},
    client::CALL_TIMEOUT,
    status::Report,
};
use crate::queue::Submission;
pub(super) use events::Events;

/// How long a stream may be silent: fal sends a comment every 15 seconds, and two of them may get lost.
const IDLE: Duration = Duration::from_secs(40);

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// A request's status stream.
#[derive(Debug)]
pub struct Watch {
    response: Response,
    events: Events,
}

impl Client {
    /// Lets fal report how far a request is, as it goes. The stream may last as long as the request;
    /// only silence cuts it off.
    pub async fn watch(&self, submission: &Submission) -> Result<Watch, Error> {
        let mut url = submission.status_url.clone();
        self.require_own(&url)?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("stream");
        }
        url.query_pairs_mut().append_pair("logs", "1");
        let call = send(self.streaming.get(url).header(ACCEPT, EVENT_STREAM));
        let response = timeout(CALL_TIMEOUT, call).await.map_err(|_elapsed| Error::Silent)??;
        if response.status().is_success() {
            Ok(Watch { response, events: Events::default() })
        } else {
            Err(Answer::read(response, MAX_ANSWER_BYTES).await?.refusal())
        }
    }
}

impl Watch {
    /// The next report, when fal has one; `None` when the stream has ended. That does not mean that the
    /// request has ended: only [`Progress::Ended`](super::Progress::Ended) does.
    ///
    /// Dropping the future loses nothing: the next call goes on where this one stopped.
    pub async fn next(&mut self) -> Result<Option<Report>, Error> {
        loop {
            while let Some(event) = self.events.pop() {
                if !event.is_empty() {
                    return Report::read(&event).map(Some).map_err(Error::Malformed);
                }
            }
            let Some(bytes) = chunk(&mut self.response, IDLE).await? else {
                return Ok(None);
            };
            self.events.push(&bytes).map_err(|limit| Error::TooLarge { limit })?;
        }
    }
}
