// Who uses this phone: signing in, going on without a network, signing out. Local work is never touched by any
// of these; another user has another database.
import type { Api } from "@/api/client";
import { needsSignIn, type Problem } from "@/api/problem";
import { DeviceDatabase, openStore, type Store, type UserDatabase } from "@/db/database";
import { deviceIdFor, findLastUser, markSignedOut, rememberUser, updateUser } from "@/db/device";
import type { Platform } from "@/db/platform";
import { writeAll, writeMeta, readMeta, touch } from "@/db/meta";
import type { UserView } from "@/db/wire";
import { forgetSettled, keepCopy } from "./secondCopy";

/** The server has not heard of a sign-out yet. */
const LOGOUT_OWED = "logout_owed";

/** The app on this phone. */
export interface Installation {
  readonly platform: Platform;
  readonly api: Api;
  readonly device: DeviceDatabase;
  /** Resolves when no end of a session is on its way to the server any more. Never fails. */
  ending: Promise<void>;
}

export async function openInstallation(platform: Platform, api: Api): Promise<Installation> {
  const device = new DeviceDatabase(platform.storage);
  await device.open();
  return { platform, api, device, ending: Promise.resolve() };
}

export type SignIn =
  | { readonly is: "signed_in"; readonly store: Store }
  | { readonly is: "failed"; readonly problem: Problem };

export interface Credentials {
  readonly login: string;
  readonly password: string;
  /** Name of this phone in the list of devices. */
  readonly label: string;
}

/** Signs in with a password and opens the user's own database. Needs a network. */
export async function signIn(installation: Installation, credentials: Credentials): Promise<SignIn> {
  const { api, device, platform } = installation;
  const { login, password, label } = credentials;
  const id = await deviceIdFor(device, platform, login);
  // An end of the session before that arrived after the sign-in would end the new one.
  await installation.ending;
  api.expectUser(null);
  const result = await api.login({ login: login.trim(), password, device: { id, label } });
  if (!result.ok) return { is: "failed", problem: result.problem };
  const { user, device_id } = result.data;
  await rememberUser(device, platform, user, device_id);
  await device.meta.delete(LOGOUT_OWED);
  return { is: "signed_in", store: await openUser(installation, user) };
}

/** Opens the last user's database without asking the server; `undefined` when nobody is to go on. */
export async function resume(installation: Installation): Promise<Store | undefined> {
  const known = await findLastUser(installation.device);
  return known && openUser(installation, known.user);
}

/**
 * Tells the server of a sign-out that it has not heard of yet; what does not arrive is told at the next start.
 * Nothing on this phone waits for it but the next sign-in.
 */
export function endOwedSession(installation: Installation): Promise<void> {
  installation.ending = installation.ending.then(() => tellLogout(installation)).catch(() => undefined);
  return installation.ending;
}

async function tellLogout({ api, device }: Installation): Promise<void> {
  if (!(await device.meta.get(LOGOUT_OWED))) return;
  const result = await api.logout();
  if (result.ok || needsSignIn(result.problem)) await device.meta.delete(LOGOUT_OWED);
}

async function openUser({ api, platform }: Installation, user: UserView): Promise<Store> {
  const store = await openStore(platform, user);
  // Before anything is shown or sent: what the database has lost comes back from its second copy.
  await keepCopy(store);
  api.expectUser(user.id);
  return store;
}

/** Keeps what the server last said about the signed-in user (name, role, area). */
export async function refreshUser(installation: Installation): Promise<UserView | undefined> {
  const signedIn = installation.api.signedIn();
  if (signedIn === null) return undefined;
  const { user, device_id } = signedIn.session;
  await updateUser(installation.device, user, device_id);
  return user;
}

/** What signing out would leave on this phone. */
export interface UnsentWork {
  readonly drafts: number;
  readonly operations: number;
}

export async function findUnsentWork(store: Store): Promise<UnsentWork> {
  return { drafts: await store.db.drafts.count(), operations: await store.db.outbox.count() };
}

/**
 * Signs out on this phone, without a network: the app asks for the password next time, and owes the server the end
 * of the session (`endOwedSession`). Drafts and the outbox stay for the next sign-in of the same user; with `forget`
 * the household files go.
 */
export async function signOut(installation: Installation, store: Store, forget: boolean): Promise<void> {
  const { device, platform } = installation;
  await device.transaction("rw", [device.users, device.meta], async () => {
    await markSignedOut(device, store.user.id);
    await device.meta.put({ key: LOGOUT_OWED, value: true });
  });
  // A sync under way holds the old connection: once it is closed, nothing it still gets is written behind this.
  store.db.close();
  if (!forget) return;
  const last = await openStore(platform, store.user);
  try {
    // What was answered must not look lost once the answers are forgotten.
    await forgetCopies(last.db, await forgetSettled(last));
  } finally {
    last.db.close();
  }
}

/** Removes everything that the server has, too. The next sync brings it back. */
async function forgetCopies(db: UserDatabase, receiptsToo: boolean): Promise<void> {
  await writeAll(db, async () => {
    const mine = (await db.households.toArray()).filter((row) => row.local);
    const unsent = new Set((await db.outbox.toArray()).map((row) => row.subject));
    const visits = (await db.visits.toArray()).filter((row) => unsent.has(row.id));
    const conflicts = (await db.conflicts.toArray()).filter((row) => unsent.has(row.id));
    await db.conflicts.clear();
    await db.conflicts.bulkPut(conflicts);
    await db.households.clear();
    await db.files.clear();
    await db.visits.clear();
    if (receiptsToo) await db.receipts.clear();
    else await db.receipts.toCollection().modify({ kept: null });
    await db.households.bulkPut(mine);
    await db.visits.bulkPut(visits.map((row) => ({ ...row, server: null, open: 1 as const })));
    const { gen } = await readMeta(db, "pull");
    await writeMeta(db, "pull", { cursor: null, gen: gen + 1, full: true, done: 0, total: null });
    await touch(db);
  });
}
