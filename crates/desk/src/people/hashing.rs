//! Hashes passwords, two at a time, with a bounded queue. Workers at an address where they have logged in before go
//! before strangers.

use crate::Result;
use crate::people::network::site;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use model::WechatId;
use protocol::Errcode;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The most passwords that are hashed at a time. Each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// The most requests in each of the two queues: about 1.5 s of work on two cores.
const WAITING_MAX: usize = 64;
/// The most waiting strangers of one site. A site that floods cannot take all places.
const OF_A_SITE_MAX: usize = 16;

/// Who requests a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// An operator, or a worker at an address where the worker has logged in before.
    Known,
    /// Anyone else, by address.
    Stranger(IpAddr),
}

/// A worker whose password was right, and the stored hash it was compared with. It counts only while that hash is
/// stored.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The worker's name.
    pub name: WechatId,
    pub(crate) hash: String,
}

/// Checks the length of a new password.
///
/// # Errors
/// `PasswordShort`.
pub fn check(password: &str) -> Result<(), Errcode> {
    if (8..=256).contains(&password.chars().count()) { Ok(()) } else { Err(Errcode::PasswordShort) }
}

/// The queues of requests for a hash.
#[derive(Default)]
pub struct HashQueue(Mutex<Queues>);

#[derive(Default)]
struct Queues {
    running: usize,
    known: VecDeque<oneshot::Sender<HashTurn>>,
    strangers: VecDeque<(IpAddr, oneshot::Sender<HashTurn>)>,
}

/// The right to hash one password. Dropping it gives the right to the next request.
pub struct HashTurn(Option<Arc<HashQueue>>);

impl HashQueue {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. Known requesters go first, and wait for one running hash at most unless other known requesters
    /// wait.
    ///
    /// # Errors
    /// `Busy` if too many wait.
    pub async fn turn(self: &Arc<Self>, requester: Requester) -> Result<HashTurn> {
        let turn = {
            let mut queues = self.lock();
            if queues.running < AT_ONCE {
                queues.running += 1;
                return Ok(HashTurn(Some(self.clone())));
            }
            queues.enter(requester)?
        };
        Ok(turn.await.map_err(anyhow::Error::from)?)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// `Busy` if too many wait.
    pub(crate) async fn hash(self: &Arc<Self>, requester: Requester, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(requester, move || {
            Ok(Argon2::default()
                .hash_password(password.as_bytes())
                .map_err(|e| anyhow::anyhow!("cannot hash a password: {e}"))?
                .to_string())
        })
        .await
    }

    /// Returns the stored hash if the password fits it. Takes as long if no hash is stored, so that the time does not
    /// reveal which names exist.
    ///
    /// # Errors
    /// `Busy` if too many wait.
    pub(crate) async fn verify(
        self: &Arc<Self>,
        requester: Requester,
        stored: Option<String>,
        password: &str,
    ) -> Result<Option<String>> {
        const NONE: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmU$4RdNUGCKJw2PWnRdoTJkcS0PYwHvK4w0pZBBhMYRkGk";
        let password = password.to_owned();
        self.run(requester, move || {
            let hash = stored.as_deref().unwrap_or(NONE);
            let hash = PasswordHash::new(hash)
                .map_err(|e| anyhow::anyhow!("a stored password hash is malformed: {e}"))?;
            let right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            Ok(stored.filter(|_| right))
        })
        .await
    }

    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        requester: Requester,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = self.turn(requester).await?;
        // The work holds the turn, because it continues after its caller is dropped.
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await?
    }

    /// Gives an ended turn to the next request whose caller still waits.
    fn pass_on(self: &Arc<Self>) {
        loop {
            let next = {
                let mut queues = self.lock();
                let Some(next) = queues.next() else {
                    queues.running -= 1;
                    return;
                };
                next
            };
            match next.send(HashTurn(Some(self.clone()))) {
                Ok(()) => return,
                // The loop passes the turn on, so dropping it must not.
                Err(mut turn) => turn.0 = None,
            }
        }
    }
}

impl Queues {
    fn enter(&mut self, requester: Requester) -> Result<oneshot::Receiver<HashTurn>, Errcode> {
        let (sender, turn) = oneshot::channel();
        match requester {
            Requester::Known => {
                self.known.retain(|waiting| !waiting.is_closed());
                if self.known.len() >= WAITING_MAX {
                    return Err(Errcode::Busy);
                }
                self.known.push_back(sender);
            }
            Requester::Stranger(from) => {
                let site = site(from);
                self.strangers.retain(|(_, waiting)| !waiting.is_closed());
                let of_the_site = self.strangers.iter().filter(|(other, _)| *other == site).count();
                if self.strangers.len() >= WAITING_MAX || of_the_site >= OF_A_SITE_MAX {
                    return Err(Errcode::Busy);
                }
                self.strangers.push_back((site, sender));
            }
        }
        Ok(turn)
    }

    fn next(&mut self) -> Option<oneshot::Sender<HashTurn>> {
        self.known.pop_front().or_else(|| self.strangers.pop_front().map(|(_, stranger)| stranger))
    }
}

impl Drop for HashTurn {
    fn drop(&mut self) {
        if let Some(passwords) = self.0.take() {
            passwords.pass_on();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, HashQueue, HashTurn, OF_A_SITE_MAX, Requester, WAITING_MAX};
    use futures_util::FutureExt;
    use protocol::Errcode;
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::Arc;
    use store::error::Error;

    type Waiting = Pin<Box<dyn Future<Output = Result<HashTurn, Error>>>>;

    fn stranger(site: u8, host: u8) -> Requester {
        Requester::Stranger([198, 51, site, host].into())
    }

    /// Requests a turn that is not free.
    fn asks(passwords: &Arc<HashQueue>, requester: Requester) -> Waiting {
        let passwords = passwords.clone();
        let mut waiting: Waiting = Box::pin(async move { passwords.turn(requester).await });
        assert!((&mut waiting).now_or_never().is_none(), "it waits");
        waiting
    }

    fn has_turn(waiting: &mut Waiting) -> Option<HashTurn> {
        waiting.now_or_never().map(|turn| turn.expect("a turn"))
    }

    fn is_refused(passwords: &Arc<HashQueue>, requester: Requester) -> bool {
        let asked = passwords.turn(requester).now_or_never();
        matches!(asked, Some(Err(Error::Refused(Errcode::Busy))))
    }

    async fn all_running(passwords: &Arc<HashQueue>) -> Vec<HashTurn> {
        let mut turns = Vec::new();
        for host in 0..AT_ONCE {
            turns.push(passwords.turn(stranger(0, u8::try_from(host).unwrap())).await.expect("a turn"));
        }
        turns
    }

    #[tokio::test]
    async fn a_known_pair_goes_before_all_strangers_that_wait() {
        let passwords = Arc::new(HashQueue::default());
        let mut running = all_running(&passwords).await;
        let mut strangers: Vec<_> = (0..5).map(|host| asks(&passwords, stranger(1, host))).collect();
        let mut known = asks(&passwords, Requester::Known);
        drop(running.pop());
        let turn = has_turn(&mut known).expect("the first turn that ends is the known pair's");
        assert!(strangers.iter_mut().all(|waiting| has_turn(waiting).is_none()));
        drop(turn);
        assert!(
            has_turn(&mut strangers[0]).is_some() && has_turn(&mut strangers[1]).is_some(),
            "in their order"
        );
    }

    #[tokio::test]
    async fn queues_are_bounded_and_a_site_has_a_share_of_the_strangers() {
        let passwords = Arc::new(HashQueue::default());
        let _running = all_running(&passwords).await;
        let (share, all) = (u8::try_from(OF_A_SITE_MAX).unwrap(), u8::try_from(WAITING_MAX).unwrap());
        let mut waiting: Vec<_> = (0..share).map(|host| asks(&passwords, stranger(1, host))).collect();
        assert!(is_refused(&passwords, stranger(1, 200)), "the site has its share");
        waiting.extend((share..all).map(|site| asks(&passwords, stranger(site, 1))));
        assert!(is_refused(&passwords, stranger(250, 1)), "the queue is full");
        let _known: Vec<_> = (0..all).map(|_| asks(&passwords, Requester::Known)).collect();
        assert!(is_refused(&passwords, Requester::Known));
        waiting.pop();
        waiting.push(asks(&passwords, stranger(250, 1)));
        assert!(is_refused(&passwords, stranger(251, 1)), "the place of one who went away was taken");
    }

    #[tokio::test]
    async fn a_turn_is_not_lost_with_those_who_went_away() {
        let passwords = Arc::new(HashQueue::default());
        let mut running = all_running(&passwords).await;
        let gone = [asks(&passwords, Requester::Known), asks(&passwords, stranger(1, 1))];
        let mut stays = asks(&passwords, stranger(1, 2));
        drop(gone);
        let mut leaves_late = asks(&passwords, Requester::Known);
        drop(running.pop());
        assert!(has_turn(&mut stays).is_none(), "the turn was handed to the known pair");
        drop(std::mem::replace(&mut leaves_late, Box::pin(std::future::pending())));
        assert!(has_turn(&mut stays).is_some(), "and passed on");
        drop(running);
        assert_eq!(all_running(&passwords).await.len(), AT_ONCE, "both are free");
    }
}
