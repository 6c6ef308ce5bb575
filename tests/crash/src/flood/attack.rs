//! The attacks, as a table.

mod bodies;
mod calls;
mod streams;

pub use bodies::png;

use super::host::Target;

/// An attack that an anonymous host can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Uploads without a token whose part headers never end.
    MultipartHeaders,
    /// Uploads without a token, at one byte every few seconds.
    TrickledUploads,
    /// Streams of one customer that read a long feed from its beginning.
    StreamCatchUp,
    /// More streams of one customer than the server takes connections.
    StreamsPerCookie,
    /// Large bodies to a path that takes none.
    RefusedBodies,
    /// Pictures of one customer, as large and as many as the limits of messages allow.
    PicturesPerCustomer,
    /// Log-ins with invented names from many IPv6 networks.
    LogIns,
    /// Requests for page assets and the API's description in compressed form.
    CompressedAssets,
    /// Snapshots of a customer's page.
    Snapshots,
}

use Attack::{
    CompressedAssets, LogIns, MultipartHeaders, PicturesPerCustomer, RefusedBodies, Snapshots, StreamCatchUp,
    StreamsPerCookie, TrickledUploads,
};

impl Attack {
    /// Every attack.
    pub const ALL: [Attack; 9] = [
        MultipartHeaders,
        TrickledUploads,
        StreamCatchUp,
        StreamsPerCookie,
        RefusedBodies,
        PicturesPerCustomer,
        LogIns,
        CompressedAssets,
        Snapshots,
    ];

    /// The attack's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            MultipartHeaders => "multipart-header-flood",
            TrickledUploads => "trickled-uploads",
            StreamCatchUp => "stream-catch-up",
            StreamsPerCookie => "streams-per-cookie",
            RefusedBodies => "refused-bodies",
            PicturesPerCustomer => "pictures-per-customer",
            LogIns => "login-flood",
            CompressedAssets => "compressed-assets",
            Snapshots => "snapshot-flood",
        }
    }

    /// Settings of the server that the attack needs when it runs alone.
    pub(super) const fn settings(self) -> &'static [&'static str] {
        match self {
            StreamsPerCookie => &["--connections-max", "100"],
            _ => &[],
        }
    }

    /// Runs the attack until it is done or dropped.
    pub(super) async fn run(self, target: &Target) {
        match self {
            MultipartHeaders => bodies::multipart_headers(target).await,
            TrickledUploads => bodies::trickled_uploads(target).await,
            StreamCatchUp => streams::catch_up(target).await,
            StreamsPerCookie => streams::per_cookie(target).await,
            RefusedBodies => bodies::refused_bodies(target).await,
            PicturesPerCustomer => bodies::pictures(target).await,
            LogIns => calls::log_ins(target).await,
            CompressedAssets => calls::compressed_assets(target).await,
            Snapshots => calls::snapshots(target).await,
        }
    }
}
