-- The word that tells this store from its copies (id 1). Cursors carry it. A start that finds none makes one; a backup, a
-- restored store and a moved one get none.
create table epoch (
    id bigint not null primary key,
    word text not null
);
