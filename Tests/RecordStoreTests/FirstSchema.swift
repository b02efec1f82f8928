import Foundation
import GRDBSQLite
import Testing

/// Runs SQL on a file, as another program would.
func execute(_ sql: String, on path: String) throws {
    var database: OpaquePointer?
    defer { sqlite3_close(database) }
    try #require(sqlite3_open(path, &database) == SQLITE_OK)
    try #require(sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK, "\(String(cString: sqlite3_errmsg(database)))")
}

/// A database of the first release, as `sqlite3 kazi.sqlite .dump` prints it: the collection of
/// `makeFirstCollection()` with two records and a tombstone.
let firstSchemaSQL = """
    PRAGMA journal_mode = WAL;
    PRAGMA application_id = 1801550441;
    BEGIN TRANSACTION;
    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
    INSERT INTO grdb_migrations VALUES('1: store, counters, collections');
    CREATE TABLE store (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      store_id TEXT NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
    INSERT INTO store VALUES(1,'d80c6d8b-3b2a-4e17-a6ae-cdfb282a1146',1795599582504140);
    CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO counters VALUES('head_seq',4);
    INSERT INTO counters VALUES('live:jobs',2);
    CREATE TABLE collections (
      name TEXT PRIMARY KEY,
      columns TEXT NOT NULL,
      text_fields TEXT NOT NULL,
      key_fields TEXT NOT NULL,
      dimension INTEGER,
      metric TEXT,
      model_digest TEXT,
      schema_digest TEXT NOT NULL
    ) STRICT;
    INSERT INTO collections VALUES('jobs','[]','[]','["url"]',2,'cosine','mini','s1');
    CREATE TABLE "jobs:records" (id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, content_digest INTEGER, key TEXT, body TEXT) STRICT;
    INSERT INTO "jobs:records" VALUES(1,1,0,1795599582600000,1795599582600000,-2519071462013446921,'a','{"title":"Nurse","url":"a"}');
    INSERT INTO "jobs:records" VALUES(2,4,1,1795599582600000,1795599582700000,NULL,NULL,NULL);
    INSERT INTO "jobs:records" VALUES(3,3,0,1795599582600000,1795599582600000,5158803217826236029,NULL,'{"title":"Cook","url":null}');
    DELETE FROM sqlite_sequence;
    INSERT INTO sqlite_sequence VALUES('jobs:records',3);
    CREATE TABLE "jobs:vectors" (id INTEGER PRIMARY KEY, vector BLOB NOT NULL) STRICT;
    INSERT INTO "jobs:vectors" VALUES(1,X'0000803f00000000');
    INSERT INTO "jobs:vectors" VALUES(3,X'000000000000803f');
    CREATE UNIQUE INDEX "jobs:seq" ON "jobs:records" (seq);
    CREATE UNIQUE INDEX "jobs:key" ON "jobs:records" (key) WHERE key IS NOT NULL;
    CREATE INDEX "jobs:content_digest" ON "jobs:records" (content_digest) WHERE content_digest IS NOT NULL;
    COMMIT;
    """
