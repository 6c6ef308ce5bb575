-- The login that a debug token was made by, as the SHA-256 of its cookie; empty for tokens of every other kind. A debug
-- token from before this column names no login, and is refused.
alter table token add column login text not null default '';
