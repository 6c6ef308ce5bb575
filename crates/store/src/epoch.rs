//! The epoch: a random word that tells a store from its copies.
//!
//! A copy numbers its next changes as the original does, so a `seq` is only meaningful together with the epoch of the
//! store that gave it. Backups leave the epoch out: a restored or moved store gets a new one at its first start.

use crate::Store;
use crate::bind;
use crate::clock::Rng;
use crate::engine::tx::Tx;
use crate::error::Error;

impl Store {
    /// The epoch of the data that this process has opened.
    #[must_use]
    pub fn epoch(&self) -> &str {
        self.0.epoch.get().map_or("", String::as_str)
    }

    /// Whether the database was replaced since this process opened it. Then the process must
    /// end, because its caches are wrong.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn is_replaced(&self) -> Result<bool, Error> {
        let word = self.read("", read).await?;
        Ok(word.as_deref() != Some(self.epoch()))
    }

    /// Reads the epoch, or makes one. If several processes start at once, all read the one that was stored first.
    pub(super) async fn read_epoch(&self) -> Result<(), Error> {
        let new = Rng::system().hex::<8>();
        let word = self.write_silent("", move |tx| {
            tx.run(INSERT, bind![&new])?;
            read(tx)
        });
        // This runs once, when the store is opened.
        let _ = self.0.epoch.set(word.await?.unwrap_or_default());
        Ok(())
    }
}

fn read(tx: &mut Tx<'_>) -> Result<Option<String>, Error> {
    Ok(tx.one(SELECT, &[])?.map(|row| row.text(0)))
}

const INSERT: &str = "insert into epoch (id, word) values (1, $1) on conflict (id) do nothing";
const SELECT: &str = "select word from epoch where id = 1";
