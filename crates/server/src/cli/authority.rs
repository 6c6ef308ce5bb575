//! `kefu authority`: how programs find the desk under Weixin's host, and trust its certificate.

use super::print::line;
use crate::clock::Clock;
use crate::config::{Data, TlsArgs};
use crate::tls::authority::Authority;
use crate::tls::{Certified, day};
use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

#[derive(Args, Debug)]
pub(super) struct AuthorityArgs {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    tls: TlsArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &AuthorityArgs) -> anyhow::Result<()> {
    let AuthorityArgs { data, tls, json } = args;
    let host = tls.as_host.as_deref().context("say for which host: --as api.weixin.qq.com")?;
    let own = tls.pair()?.map(|(cert, key)| Certified::read(cert, key)).transpose()?;
    let authority = match own.filter(|own| own.names(host)) {
        Some(_) => None,
        None => Some(Authority::open(&data.data, host, Clock::system().now())?),
    };
    if *json {
        line(as_json(host, authority.as_ref(), tls.as_https.ip()));
    } else {
        line(manual(host, authority.as_ref(), tls.as_https, tls.as_http));
    }
    Ok(())
}

fn as_json(host: &str, authority: Option<&Authority>, at: IpAddr) -> Value {
    let trust = authority.map(|authority| {
        let commands =
            trust(authority).into_iter().map(|(who, how)| (who.to_lowercase(), how.join("\n").into()));
        json!({
            "certificate": authority.certificate,
            "until": day(authority.until),
            "trust": commands.collect::<Map<String, Value>>(),
        })
    });
    let mut all = json!({"host": host, "hosts": hosts_line(host, at)});
    if let (Some(all), Some(Value::Object(trust))) = (all.as_object_mut(), trust) {
        all.extend(trust);
    }
    all
}

/// What to do so that programs that call `host` reach this desk.
pub(super) fn manual(
    host: &str,
    authority: Option<&Authority>,
    https: SocketAddr,
    http: SocketAddr,
) -> String {
    let mut text =
        format!("Programs that have https://{host} in their code come here when they find it here");
    text.push_str(if authority.is_some() { " and trust its certificate.\n" } else { ".\n" });
    let _ = write!(text, "\n  By TLS    {https}\n  In clear  {http}\n");
    if (https.port(), http.port()) != (443, 80) {
        let _ = writeln!(text, "            They ask for ports 443 and 80: lead these here.");
    }
    let line = hosts_line(host, https.ip());
    let _ = write!(text, "\n  Find it   echo '{line}' | sudo tee -a /etc/hosts\n");
    let Some(authority) = authority else { return text };
    let _ = write!(
        text,
        "  Trust it  {}\n            for {host} and nothing else, until {}\n\n",
        authority.certificate.display(),
        day(authority.until)
    );
    for (who, how) in trust(authority) {
        let mut name = who;
        for line in how {
            let _ = writeln!(text, "  {name:8}  {line}");
            name = "";
        }
    }
    text.push_str(
        "\n  What is exported here is all that such a program trusts then; once Linux trusts it, let it stand for\n  \
         /etc/ssl/certs/ca-certificates.crt instead. `kefu authority` says this again.\n",
    );
    text
}

/// A name resolves to one address; a listener at all addresses is also on this machine.
fn hosts_line(host: &str, at: IpAddr) -> String {
    let here = match at {
        IpAddr::V4(any) if any.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(any) if any.is_unspecified() => "::1".to_owned(),
        one => one.to_string(),
    };
    format!("{here} {host}")
}

/// The systems that trust certificates, and the commands that make them trust this one.
fn trust(authority: &Authority) -> [(&'static str, Vec<String>); 7] {
    let (host, ca) = (&authority.host, quoted(&authority.certificate.display().to_string()));
    let store = format!("/usr/local/share/ca-certificates/kefu-{host}.crt");
    [
        ("Linux", vec![format!("sudo cp {ca} {store} && sudo update-ca-certificates")]),
        (
            "Docker",
            vec![
                format!("docker run --add-host {host}:host-gateway …, and in its Dockerfile, beside a copy of ca.pem:"),
                format!("COPY ca.pem {store}"),
                "RUN update-ca-certificates".into(),
            ],
        ),
        ("Python", vec![format!("export REQUESTS_CA_BUNDLE={ca} SSL_CERT_FILE={ca}")]),
        ("Node", vec![format!("export NODE_EXTRA_CA_CERTS={ca}")]),
        (
            "Java",
            vec![format!(
                "sudo keytool -importcert -noprompt -cacerts -storepass changeit -alias kefu-{host} -file {ca}"
            )],
        ),
        ("Go", vec![format!("export SSL_CERT_FILE={ca}")]),
        (
            "Rust",
            vec![
                format!("export SSL_CERT_FILE={ca}"),
                "for OpenSSL and rustls with the system's roots; one built with webpki-roots trusts these alone".into(),
            ],
        ),
    ]
}

/// Quotes a path for a shell.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}
