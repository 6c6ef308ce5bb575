//! The baseline for `kfaccount/add` on SQLite. A test shows that it leaves the same rows as the product.

use crate::baseline::callers::Load;
use crate::baseline::statement::{COUNT, INSERT, INSERT_CHANGE, TAKE_KF_ID, TAKE_SEQ};
use crate::baseline::writers::{Task, int};
use crate::measure::adds::Add;
use kefu::store::numbered;
use rusqlite::{Connection, Statement, params};
use std::sync::Arc;

/// The statements of `kfaccount/add`.
pub(crate) struct AddStatements<'c> {
    take_seq: Statement<'c>,
    take_kf_id: Statement<'c>,
    insert: Statement<'c>,
    count: Statement<'c>,
    insert_change: Statement<'c>,
}

impl Task for Add {
    type Statements<'c> = AddStatements<'c>;

    fn all(load: &Load) -> anyhow::Result<Arc<[Self]>> {
        load.adds()
    }

    fn prepare(conn: &Connection) -> rusqlite::Result<AddStatements<'_>> {
        Ok(AddStatements {
            take_seq: conn.prepare(&numbered(TAKE_SEQ))?,
            take_kf_id: conn.prepare(&numbered(TAKE_KF_ID))?,
            insert: conn.prepare(&numbered(INSERT))?,
            count: conn.prepare(&numbered(COUNT))?,
            insert_change: conn.prepare(&numbered(INSERT_CHANGE))?,
        })
    }

    /// Adds an agent; `false` if it exists, or the account has too many.
    fn run(&self, statements: &mut AddStatements<'_>, now: i64) -> anyhow::Result<bool> {
        let Add { appid, kf_account, nickname, facts, .. } = self;
        let seq = int(&mut statements.take_seq, [appid], 0)?;
        let kf_id = int(&mut statements.take_kf_id, [appid], 3)?;
        let rows = statements.insert.execute(params![appid, kf_account, kf_id, nickname])?;
        let agents = int(&mut statements.count, [appid], 0)?;
        statements.insert_change.execute(params![appid, seq, now, facts])?;
        Ok(rows == 1 && agents <= 100)
    }
}

#[cfg(test)]
mod tests {
    use crate::baseline::writers::Writer;
    use crate::data::content::contents;
    use crate::data::seed;
    use crate::measure::adds::Add;
    use crate::measure::load::{self, Until};
    use kefu::config::Place;
    use kefu::desk::agent;
    use std::sync::Arc;

    #[tokio::test]
    async fn the_baseline_leaves_the_same_rows_as_the_product() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let (product, snapshot) = (folder.path().join("product"), folder.path().join("snapshot"));
        let baseline = folder.path().join("baseline");
        let desk = seed::open(&Place::Folder(product.clone())).await?;
        let shops = seed::shops(&desk, 10).await?;
        seed::snapshot(&product, &snapshot)?;
        seed::restore(&snapshot, &baseline)?;
        let before = contents(&Place::Folder(baseline.clone()))?;
        assert_eq!(before, contents(&Place::Folder(product.clone()))?);
        let appids: Vec<&str> = shops.iter().map(|shop| shop.appid.as_str()).collect();
        let adds: Arc<[Add]> = (0..50).map(|n| Add::number(n, &appids)).collect();
        for add in &*adds {
            let appid = &shops[add.shop].appid;
            let added = agent::add(&desk, appid, add.kf_account.clone(), add.nickname.clone()).await;
            added.map_err(seed::plain)?;
        }
        let (writer, callers) = Writer::start(&baseline.join("kefu.db"), 256, 1, &adds)?;
        drop(load::run(callers, Until::Number(0, adds.len())).await?);
        writer.stop()?;
        let left = contents(&Place::Folder(baseline))?;
        assert_eq!(left, contents(&Place::Folder(product))?);
        assert_eq!(left.len(), before.len() + 2 * adds.len());
        Ok(())
    }
}
