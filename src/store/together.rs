//! Group commit: what several tasks have to write at the same time goes into one transaction.
//!
//! A transaction costs more than what is in it. Who comes first writes at once and alone; whoever comes while it writes
//! waits, and the next in turn writes for all of them. (The name and the idea: DeWitt et al., "Implementation techniques
//! for main memory database systems", SIGMOD 1984.)

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::Result;

type Waiting<T, A> = Vec<(T, oneshot::Sender<Result<A>>)>;

/// What waits to be written, and whose turn it is. Clones share both.
#[derive(Debug)]
pub(super) struct Together<T, A> {
    waiting: Arc<Mutex<Waiting<T, A>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl<T, A> Default for Together<T, A> {
    fn default() -> Self {
        Self {
            waiting: Arc::default(),
            turn: Arc::default(),
        }
    }
}

impl<T, A> Clone for Together<T, A> {
    fn clone(&self) -> Self {
        Self {
            waiting: self.waiting.clone(),
            turn: self.turn.clone(),
        }
    }
}

impl<T: Clone, A> Together<T, A> {
    /// Writes `work` with `write`, which gives an answer for each of what it is given, in order, or fails for all.
    /// What failed together is tried one by one, so that nobody fails for another.
    pub(super) async fn write<'w>(
        &self,
        work: T,
        write: impl Fn(Vec<T>) -> BoxFuture<'w, Result<Vec<A>>>,
    ) -> Result<A> {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push((work.clone(), answer));
        let _turn = self.turn.lock().await;
        let (all, answers): (Vec<T>, Vec<_>) = std::mem::take(&mut *self.waiting()).into_iter().unzip();
        if !all.is_empty() {
            match write(all.clone()).await {
                Ok(outcomes) => {
                    for (answer, outcome) in answers.into_iter().zip(outcomes) {
                        let _ = answer.send(Ok(outcome));
                    }
                }
                Err(error) if all.len() == 1 => return Err(error),
                Err(_) => {
                    for (work, answer) in all.into_iter().zip(answers) {
                        let _ = answer.send(alone(work, &write).await);
                    }
                }
            }
        }
        match answered.try_recv() {
            Ok(outcome) => outcome,
            // Who wrote for us was stopped in the middle of it, and its transaction rolled back.
            Err(_) => alone(work, &write).await,
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn alone<'w, T, A>(work: T, write: &impl Fn(Vec<T>) -> BoxFuture<'w, Result<Vec<A>>>) -> Result<A> {
    let outcomes = write(vec![work]).await?;
    outcomes
        .into_iter()
        .next()
        .ok_or_else(|| super::Error::NotFound("answer to what was written".into()))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt;

    use super::*;

    /// Runs one writer that is held up, and `others` behind it; gives all answers and the number of transactions.
    async fn crowd(
        others: usize,
        fails: impl Fn(&[usize]) -> bool + Send + Sync + 'static,
    ) -> (Vec<Result<usize>>, usize) {
        let together: Together<usize, usize> = Together::default();
        let (calls, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(fails));
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        let mut tasks = Vec::new();
        for n in 0..=others {
            let (together, calls, fails, gate) = (together.clone(), calls.clone(), fails.clone(), gate.clone());
            tasks.push(tokio::spawn(async move {
                let write = |all: Vec<usize>| {
                    calls.fetch_add(1, Ordering::Relaxed);
                    let (fails, gate) = (fails.clone(), gate.clone());
                    let answer = async move {
                        let _open = gate.acquire().await;
                        match fails(&all) {
                            true => Err(super::super::Error::Refused(format!("{all:?}"))),
                            false => Ok(all),
                        }
                    };
                    answer.boxed()
                };
                together.write(n, write).await
            }));
            tokio::task::yield_now().await;
        }
        gate.add_permits(1);
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        (answers, calls.load(Ordering::Relaxed))
    }

    #[tokio::test]
    async fn who_waits_is_written_with_the_next_in_turn() {
        let (answers, calls) = crowd(9, |_| false).await;
        assert_eq!(
            answers.into_iter().map(Result::unwrap).collect::<Vec<_>>(),
            (0..10).collect::<Vec<_>>()
        );
        assert_eq!(calls, 2, "the first alone, the nine behind it together");
    }

    #[tokio::test]
    async fn one_that_cannot_be_written_fails_alone() {
        let (answers, _) = crowd(9, |all| all.contains(&5)).await;
        for (n, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.ok(), (n != 5).then_some(n));
        }
    }

    #[tokio::test]
    async fn who_is_stopped_while_it_writes_for_others_takes_nobody_along() {
        let together: Together<usize, usize> = Together::default();
        let never = |_: Vec<usize>| std::future::pending::<Result<Vec<usize>>>().boxed();
        let mut stopped = Box::pin(together.write(1, never));
        assert!(futures::poll!(&mut stopped).is_pending());
        let at_once = |all: Vec<usize>| async move { Ok(all) }.boxed();
        let mut behind = Box::pin(together.write(2, at_once));
        assert!(futures::poll!(&mut behind).is_pending());
        drop(stopped);
        assert_eq!(behind.await.unwrap(), 2);
    }
}
