//! Members by name: what XML and JSON have in common.

use super::error::ReplyError;

/// A text, or members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// A text. Numbers and the words of JSON are texts too.
    Text(String),
    /// Members.
    Branch(Branch),
}

/// Members in their order. A name may be there more than once. Elements of a JSON list are called `item`, as articles
/// are in XML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Branch(pub(super) Vec<(String, Node)>);

/// The name of an element of a list.
pub(super) const ITEM: &str = "item";

/// A member that is read: its own name, and the path that errors name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path(pub(super) &'static str);

impl Path {
    fn name(self) -> &'static str {
        self.0.rsplit('.').next().unwrap_or(self.0)
    }
}

impl Branch {
    /// The member, if it is there once.
    fn get(&self, path: Path) -> Result<Option<&Node>, ReplyError> {
        let mut found = self.0.iter().filter(|(name, _)| name == path.name()).map(|(_, node)| node);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(ReplyError::Repeated { member: path.0 }),
            (node, None) => Ok(node),
        }
    }

    /// The text of a member, with white space around it; empty if it is missing.
    pub(super) fn raw_text(&self, path: Path) -> Result<&str, ReplyError> {
        match self.get(path)? {
            Some(Node::Text(text)) if text.contains('\0') => Err(ReplyError::Nul { member: path.0 }),
            Some(Node::Text(text)) => Ok(text),
            Some(Node::Branch(Branch(members))) if members.is_empty() => Ok(""),
            Some(Node::Branch(_)) => Err(ReplyError::Shape { member: path.0 }),
            None => Ok(""),
        }
    }

    /// The text of a member without white space around it; empty if it is missing.
    pub(super) fn text(&self, path: Path) -> Result<&str, ReplyError> {
        Ok(self.raw_text(path)?.trim())
    }

    /// The text of a member that must not be empty.
    pub(super) fn required(&self, path: Path) -> Result<&str, ReplyError> {
        match self.text(path)? {
            "" => Err(ReplyError::Missing { member: path.0 }),
            text => Ok(text),
        }
    }

    /// The members of a member; `None` if it is missing or empty.
    pub(super) fn branch(&self, path: Path) -> Result<Option<&Branch>, ReplyError> {
        match self.get(path)? {
            Some(Node::Branch(branch)) => Ok(Some(branch)),
            Some(Node::Text(text)) if !text.trim().is_empty() => Err(ReplyError::Shape { member: path.0 }),
            Some(Node::Text(_)) | None => Ok(None),
        }
    }

    /// The members of a member that must be there.
    pub(super) fn required_branch(&self, path: Path) -> Result<&Branch, ReplyError> {
        self.branch(path)?.ok_or(ReplyError::Missing { member: path.0 })
    }
}
