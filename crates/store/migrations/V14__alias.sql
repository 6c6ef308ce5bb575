-- Whose an alias is. It is not unique: accounts could share one before that was refused.
create index account_alias on account (alias);
