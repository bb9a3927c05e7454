//! How a way through the model is printed.

use std::fmt;

use super::state::{Attempt, Claim, Job, Progress, State, Worker};

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, job) in self.jobs.iter().enumerate().filter(|(_, job)| **job != Job::absent())
        {
            write!(f, "job {number} {job}; ")?;
        }
        for (number, worker) in self.workers.iter().enumerate() {
            if *worker != Worker::default() {
                write!(f, "worker {number} {worker}; ")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(end) = self.end {
            write!(f, "{end:?}")?;
        }
        if let Some(row) = self.row {
            match row.leased_by {
                Some(worker) => write!(f, "leased to {worker} as #{}", row.number)?,
                None => write!(f, "waits")?,
            }
            let flags =
                [(row.has_attempt, ", has an attempt"), (row.is_cancelled, ", to be cancelled")];
            flags
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .try_for_each(|(_, flag)| f.write_str(flag))?;
        }
        let requests = self.attempts.iter().zip(self.requests);
        for (number, (attempt, request)) in requests.enumerate() {
            if attempt.is_some() || request.progress != Progress::NotSent {
                let attempt =
                    attempt.map_or("Withdrawn".into(), |attempt: Attempt| format!("{attempt:?}"));
                write!(f, ", attempt {number} {attempt}: {:?}", request.progress)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.is_known { "" } else { ", unknown" };
        write!(f, "{:?}{known}", self.process)?;
        match self.claim {
            Claim::Rests => {}
            Claim::Looked(_) => f.write_str(", claims")?,
            Claim::IsInDoubt => f.write_str(", may have claimed")?,
        }
        for task in self.tasks.iter().flatten() {
            write!(f, ", job {} as #{}: {:?}", task.job, task.number, task.step)?;
        }
        Ok(())
    }
}
