//! The statements of `kfaccount/add`, for the baselines of both engines. They are copies, so that a product that runs
//! more statements becomes slower than its baseline.

pub(crate) const TAKE_SEQ: &str = "update head set seq = seq + 1 where owner = $1 returning seq, access";
pub(crate) const TAKE_KF_ID: &str = "update account set next_kf_id = next_kf_id + 1 where appid = $1
    returning kind, alias, original_id, next_kf_id - 1";
pub(crate) const INSERT: &str =
    "insert into agent (appid, kf_account, kf_id, nickname, worker, kf_openid, invite_wx, invite_status,
    invite_expires_at, connected, away, free_since)
    values ($1, $2, $3, $4, '', '', '', '', 0, 0, 0, 0) on conflict (appid, kf_account) do nothing";
pub(crate) const COUNT: &str = "select count(*) from agent where appid = $1";
pub(crate) const INSERT_CHANGE: &str = "insert into change (owner, seq, at, facts) values ($1, $2, $3, $4)";
