-- Whether an object that lies about is a content's.
create index content_object on content (object);
