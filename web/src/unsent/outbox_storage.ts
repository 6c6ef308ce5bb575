/** Unsent messages in IndexedDB, the only storage of a browser that also takes pictures. */

const [DATABASE, STORE, OWNER] = ["kefu", "unsent", "owner"];

/** What every stored message has: its own id, and the name of the person who wrote it. */
export interface OutboxRecord {
  client_id: string;
  owner: string;
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { keyPath: "client_id" }).createIndex(OWNER, OWNER);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(DATABASE));
  });
}

let database: Promise<IDBDatabase> | undefined;

/** Runs one request; answers `otherwise` where the browser stores nothing, as in some private windows. */
async function run<T>(
  mode: IDBTransactionMode,
  otherwise: T,
  makeRequest: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const store = (await (database ??= openDatabase())).transaction(STORE, mode).objectStore(STORE);
    return await new Promise<T>((resolve, reject) => {
      const request = makeRequest(store);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error(STORE));
    });
  } catch {
    return otherwise;
  }
}

export const outboxStorage = {
  all: <T extends OutboxRecord>(owner: string) =>
    run<T[]>("readonly", [], (store) => store.index(OWNER).getAll(owner) as IDBRequest<T[]>),
  put: (record: OutboxRecord) => run<IDBValidKey>("readwrite", "", (store) => store.put(record)),
  remove: (client_id: string) => run<undefined>("readwrite", undefined, (store) => store.delete(client_id)),
};

export type OutboxStorage = typeof outboxStorage;
