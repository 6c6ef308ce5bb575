//! `kefu customer send`: has customers send what is neither a text nor a picture.

use super::CommonArgs;
use crate::admin::customer::{CustomerCommand, FileBytes};
use anyhow::Context;
use clap::{Args, Subcommand};
use protocol::media::MediaKind;
use protocol::message::{CustomerContent, Film, Link, Location, ProgramPage, Recording};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Who sends it, and where the command goes.
#[derive(Args, Debug)]
pub(in crate::cli) struct ToArgs {
    /// The account.
    #[arg(long)]
    appid: String,
    /// The customer's openid.
    #[arg(long)]
    openid: String,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// A film and its thumb.
#[derive(Args, Debug)]
pub(in crate::cli) struct FilmArgs {
    /// The film, MP4.
    #[arg(long, value_name = "PATH")]
    file: PathBuf,
    /// Its thumb, JPEG.
    #[arg(long, value_name = "PATH")]
    thumb: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SendSubcommand {
    /// A recording.
    Voice {
        /// The recording, AMR or MP3.
        #[arg(long, value_name = "PATH")]
        file: PathBuf,
        #[command(flatten)]
        to: ToArgs,
    },
    /// A film.
    Video {
        #[command(flatten)]
        film: FilmArgs,
        #[command(flatten)]
        to: ToArgs,
    },
    /// A film taken in the chat.
    Shortvideo {
        #[command(flatten)]
        film: FilmArgs,
        #[command(flatten)]
        to: ToArgs,
    },
    /// A place.
    Location {
        /// Degrees to the north.
        #[arg(long, allow_negative_numbers = true, value_parser = degrees)]
        latitude: f64,
        /// Degrees to the east.
        #[arg(long, allow_negative_numbers = true, value_parser = degrees)]
        longitude: f64,
        /// The zoom of the map.
        #[arg(long, default_value_t = 15)]
        scale: u8,
        /// The place's name or address.
        #[arg(long, default_value = "")]
        label: String,
        #[command(flatten)]
        to: ToArgs,
    },
    /// A web page.
    Link {
        /// Its title.
        #[arg(long, default_value = "")]
        title: String,
        /// The description.
        #[arg(long, default_value = "")]
        description: String,
        /// The address.
        #[arg(long)]
        url: String,
        #[command(flatten)]
        to: ToArgs,
    },
    /// A page of a Mini Program, to a Mini Program or Mini Game.
    Miniprogrampage {
        /// Its title.
        #[arg(long, default_value = "")]
        title: String,
        /// The Mini Program, when it is not the account.
        #[arg(long, value_name = "APPID")]
        program: Option<String>,
        /// The page, such as pages/index/index.
        #[arg(long, value_name = "PAGE")]
        pagepath: String,
        /// Its thumb, JPEG.
        #[arg(long, value_name = "PATH")]
        thumb: PathBuf,
        #[command(flatten)]
        to: ToArgs,
    },
}

impl SendSubcommand {
    pub(super) fn to(&self) -> &ToArgs {
        match self {
            Self::Voice { to, .. }
            | Self::Video { to, .. }
            | Self::Shortvideo { to, .. }
            | Self::Location { to, .. }
            | Self::Link { to, .. }
            | Self::Miniprogrampage { to, .. } => to,
        }
    }

    /// Reads the files.
    pub(super) fn command(&self) -> anyhow::Result<CustomerCommand> {
        let ToArgs { appid, openid, .. } = self.to();
        let (content, file, thumb) = match self {
            Self::Voice { file, .. } => (CustomerContent::Voice(Recording::default()), Some(file), None),
            Self::Video { film: FilmArgs { file, thumb }, .. } => {
                (CustomerContent::Video(Film::default()), Some(file), Some(thumb))
            }
            Self::Shortvideo { film: FilmArgs { file, thumb }, .. } => {
                (CustomerContent::ShortVideo(Film::default()), Some(file), Some(thumb))
            }
            Self::Location { latitude, longitude, scale, label, .. } => {
                let (latitude, longitude, scale) = (*latitude, *longitude, *scale);
                let place = Location { latitude, longitude, scale, label: label.clone() };
                (CustomerContent::Location(place), None, None)
            }
            Self::Link { title, description, url, .. } => {
                let (title, description, thumb_url) = (title.clone(), description.clone(), String::new());
                (CustomerContent::Link(Link { title, description, url: url.clone(), thumb_url }), None, None)
            }
            Self::Miniprogrampage { title, program, pagepath, thumb, .. } => {
                let (title, pagepath, thumb_media_id) = (title.clone(), pagepath.clone(), String::new());
                let appid = program.as_ref().unwrap_or(appid).clone();
                let page = ProgramPage { title, appid, pagepath, thumb_media_id };
                (CustomerContent::ProgramPage(page), None, Some(thumb))
            }
        };
        let file = file.zip(content.file()).map(|(path, kind)| read(path, kind)).transpose()?;
        let thumb = thumb.map(|path| read(path, MediaKind::Thumb)).transpose()?;
        Ok(CustomerCommand::Send { appid: appid.clone(), openid: openid.clone(), content, file, thumb })
    }
}

/// Reads a file, unless it is too large.
fn read(path: &Path, kind: MediaKind) -> anyhow::Result<FileBytes> {
    let (mut bytes, most) = (Vec::new(), kind.size_max());
    let size = File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .with_context(|| format!("reading {}", path.display()))?;
    anyhow::ensure!(
        size as u64 <= most,
        "{} is too large: a {} has at most {most} bytes",
        path.display(),
        kind.word()
    );
    Ok(FileBytes(bytes))
}

/// An angle; "nan" and "inf" are numbers to Rust.
fn degrees(text: &str) -> Result<f64, String> {
    let angle = text.parse::<f64>().ok().filter(|angle| angle.is_finite());
    angle.ok_or_else(|| "degrees are a number such as 23.134521".to_owned())
}
