//! The baseline for the delay of pushes: stores a customer's message by the statements of the verb, and posts its push
//! once the message is committed.

use crate::baseline::callers::{Caller, Load};
use crate::baseline::poster::{Poster, posters};
use crate::baseline::writers::{Task as _, Writer};
use crate::measure::delivery::messages::Message;
use crate::measure::group_commit::BATCH_MAX;
use crate::measure::load::{self, Call, Until};
use crate::pushes::paced::paced;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The database.
    file: PathBuf,
    /// A file with an address and a body by turns, a line each.
    requests: PathBuf,
    #[command(flatten)]
    load: Load,
}

/// Stores and posts everything once, at a steady pace, and prints when each message began.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    let messages = Message::all(&args.load)?;
    let (writer, callers) = Writer::start(&args.file, BATCH_MAX, args.load.callers, &messages)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let posters = posters(&args.requests, args.load.callers)?;
        let both = callers.into_iter().zip(posters).map(|(commit, post)| CommittingPoster { commit, post });
        let (callers, begun) = paced(both)?;
        drop(load::run(callers, Until::Number(0, args.load.all())).await?);
        println!("{}", serde_json::to_string(&begun.take())?);
        anyhow::Ok(())
    })?;
    writer.stop()
}

struct CommittingPoster {
    commit: Caller,
    post: Poster,
}

impl Call for CommittingPoster {
    async fn call(&mut self, n: usize) -> anyhow::Result<()> {
        self.commit.call(n).await?;
        self.post.call(n).await
    }
}
