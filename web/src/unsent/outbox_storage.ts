/** What is kept in the browser until it is sent: pictures too, which only this store of browsers takes. */

const [DATABASE, STORE, OWNER] = ["kefu", "unsent", "owner"];

/** Under its own id, and the name of whose it is. */
export interface Kept {
  client_id: string;
  owner: string;
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(STORE, { keyPath: "client_id" }).createIndex(OWNER, OWNER);
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error(DATABASE));
  });
}

let database: Promise<IDBDatabase> | undefined;

/** Runs one request. Where the browser keeps nothing, as in some private windows, nothing outlasts the page. */
async function run<T>(
  mode: IDBTransactionMode,
  otherwise: T,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const store = (await (database ??= opened())).transaction(STORE, mode).objectStore(STORE);
    return await new Promise<T>((resolve, reject) => {
      const asked = request(store);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error ?? new Error(STORE));
    });
  } catch {
    return otherwise;
  }
}

export const kept = {
  all: <T extends Kept>(owner: string) =>
    run<T[]>("readonly", [], (store) => store.index(OWNER).getAll(owner) as IDBRequest<T[]>),
  put: (one: Kept) => run<IDBValidKey>("readwrite", "", (store) => store.put(one)),
  remove: (client_id: string) => run<undefined>("readwrite", undefined, (store) => store.delete(client_id)),
};

export type Keeper = typeof kept;
