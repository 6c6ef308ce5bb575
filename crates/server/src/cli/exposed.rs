//! Finds secrets on the command line, which every user of the machine can see.

/// A warning for each flag whose value is a secret.
pub(super) fn exposed(args: &[String]) -> Vec<String> {
    args.iter()
        .enumerate()
        .filter_map(|(at, arg)| {
            let next = args.get(at + 1).map(String::as_str);
            let (flag, value) = arg.split_once('=').map_or((arg.as_str(), next), |(flag, it)| (flag, Some(it)));
            let is_secret = match flag {
                "--database" | "--to" => has_password(value?),
                "--files-key" | "--key" => !value?.starts_with("file:"),
                _ => false,
            };
            is_secret.then(|| {
                format!(
                    "every user of this machine can see the secret in {flag} (ps): write its value into a file that \
                     only this user can read, and give {flag} file:PATH"
                )
            })
        })
        .collect()
}

/// Whether an address of a database holds a password.
fn has_password(address: &str) -> bool {
    let credentials = address.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
    let is_in_credentials = credentials.is_some_and(|(before, _)| before.contains(':'));
    let parameters = address.split(['?', '&', ' ']).filter_map(|word| word.split_once('='));
    is_in_credentials || parameters.into_iter().any(|(key, _)| key.trim() == "password")
}

#[cfg(test)]
mod tests {
    use super::exposed;

    fn flags(line: &[&str]) -> usize {
        exposed(&line.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).len()
    }

    #[test]
    fn a_secret_on_the_command_line_is_told() {
        for line in [
            &["serve", "--database", "postgres://kefu:hunter2@db/kefu"][..],
            &["serve", "--database=postgresql://kefu:hunter2@db/kefu?sslmode=require"],
            &["serve", "--database", "postgres://db/kefu?user=kefu&password=hunter2"],
            &["serve", "--database", "host=db user=kefu password=hunter2"],
            &["store", "move", "--to", "postgres://kefu:hunter2@db/kefu"],
            &["serve", "--files-key", "id:hunter2"],
        ] {
            assert_eq!(flags(line), 1, "{line:?}");
        }
        for line in [
            &["serve", "--database", "postgres://kefu@db:5432/kefu"][..],
            &["serve", "--database", "file:/etc/kefu/database", "--files-key=file:/etc/kefu/bucket"],
            &["serve", "--database", "host=db user=kefu"],
            &["store", "move", "--to", "/var/lib/kefu"],
            &["serve", "--database"],
        ] {
            assert_eq!(flags(line), 0, "{line:?}");
        }
        let said = exposed(&["--files-key".to_owned(), "id:hunter2".to_owned()]);
        assert!(said[0].contains("--files-key file:PATH") && !said[0].contains("hunter2"), "{said:?}");
    }
}
