// What this installation knows before anybody has signed in: who uses it.
import type { DeviceDatabase, KnownUser } from "./database";
import type { Platform } from "./platform";
import type { UserView } from "./wire";

const key = (login: string): string => login.trim().toLowerCase();

/** The device id for a login name; made, and on the disk, before it is first sent. */
export async function deviceIdFor(db: DeviceDatabase, platform: Platform, login: string): Promise<string> {
  return db.transaction("rw", db.devices, async () => {
    const there = await db.devices.get(key(login));
    if (there) return there.device_id;
    const device_id = platform.newId();
    await db.devices.add({ login: key(login), device_id });
    return device_id;
  });
}

/** Remembers a user after a sign-in, and that they are the last one. */
export async function rememberUser(
  db: DeviceDatabase,
  platform: Platform,
  user: UserView,
  deviceId: string,
): Promise<KnownUser> {
  const known: KnownUser = {
    id: user.id,
    user,
    device_id: deviceId,
    last_sign_in_ms: platform.nowMs(),
    signed_out: false,
  };
  await db.transaction("rw", [db.users, db.devices, db.meta], async () => {
    await db.users.put(known);
    await db.devices.put({ login: key(user.login), device_id: deviceId });
    await db.meta.put({ key: "last_user", value: user.id });
  });
  return known;
}

/**
 * Keeps what the server says about a user of this phone. Not a sign-in: who may go on without a network, and who
 * was the last one, stays as it is.
 */
export async function updateUser(db: DeviceDatabase, user: UserView, deviceId: string): Promise<void> {
  await db.users.update(user.id, { user, device_id: deviceId });
}

/** Who used the app last and did not sign out: they may go on without a network. */
export async function findLastUser(db: DeviceDatabase): Promise<KnownUser | undefined> {
  const last = await db.meta.get("last_user");
  const known = typeof last?.value === "string" ? await db.users.get(last.value) : undefined;
  return known?.signed_out ? undefined : known;
}

export async function markSignedOut(db: DeviceDatabase, userId: string): Promise<void> {
  await db.users.update(userId, { signed_out: true });
}
