// What happens beside the caseworkers: the office decides, people change places, the server and its disk fail, phones
// are wiped, restored and lost.
import type { OutboxRow } from "@/db/rows";
import { copiesOn } from "./losses";
import { Desk } from "./office";
import { readStore } from "./storage";
import type { Handset, Scene } from "./world";

interface Backup {
  readonly atMs: number;
  readonly passwords: Map<string, string>;
}

const DAY_MS = 86_400_000;

export class Events {
  private backup: Backup | null = null;
  private readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** A supervisor has a moment. */
  review(): void {
    const { plan, ledger } = this.scene;
    const desk = plan.pick(this.scene.supervisors);
    const queue = desk.queue();
    if (queue.length === 0) return;
    const rounds = plan.between(1, 4);
    for (let round = 0; round < rounds; round += 1) {
      // A page that lies open since this morning, or a fresh one.
      const isOld = desk.open.length > 0 && plan.happens(0.25);
      const seen = isOld ? plan.pick(desk.open) : desk.look(plan.pick(queue).id);
      if (!seen) continue;
      if (!isOld && plan.happens(0.15)) continue;
      if (plan.happens(0.12)) {
        const other = plan.pick(this.scene.supervisors.filter((one) => one !== desk));
        const theirs = other.look(seen.visit);
        if (theirs) {
          ledger.fire("two_supervisors_at_once");
          plan.happens(0.5) ? other.approve(theirs) : other.return_(theirs);
        }
      }
      const verdict = plan.next();
      if (verdict < 0.72) desk.approve(seen, plan.happens(0.1));
      else if (verdict < 0.92) desk.return_(seen);
      else desk.reject(seen);
    }
  }

  /** A supervisor decides about values that differ, also before it is their turn. */
  decide(): void {
    const { plan } = this.scene;
    const desk = plan.pick(this.scene.supervisors);
    const open = desk.conflicts();
    for (let round = open.length > 0 ? plan.between(1, 3) : 0; round > 0; round -= 1) {
      desk.decide(plan.pick(open), plan.pick(["mine", "theirs", "revisit"] as const));
    }
  }

  /** Households get other hands. */
  assign(): void {
    const { plan, ledger } = this.scene;
    const desk = plan.pick(this.scene.supervisors);
    const households = desk.households();
    if (households.length === 0) return;
    for (let round = plan.between(1, 3); round > 0; round -= 1) {
      const one = plan.pick(households);
      const fit = this.scene.workers.filter(({ scope }) => one.region_code.startsWith(scope));
      if (fit.length === 0) continue;
      const [contact, responsible] = [plan.pick(fit), plan.pick(fit)];
      ledger.fire("household_moved_while_away");
      if (contact !== responsible) ledger.fire("two_workers_on_one_household");
      desk.assign(one.id, contact.id, plan.happens(0.7) ? responsible.id : null);
    }
  }

  /** Somebody becomes a supervisor for an hour and tries to approve what they brought. */
  promote(): void {
    const { plan, admin, workers } = this.scene;
    const worker = plan.pick(workers);
    if (admin.patch(worker.id, { role: "banner_supervisor" }).status !== 200) return;
    this.scene.shut(worker.id);
    const desk = new Desk(this.scene, worker);
    const own = desk.queue().find((visit) => visit.visitor.id === worker.id);
    const seen = own && desk.look(own.id);
    if (seen) desk.approve(seen);
    admin.patch(worker.id, { role: worker.role });
    this.scene.shut(worker.id);
  }

  /** An account is shut; it opens again some days later, or now. */
  shutOrOpen(): void {
    const { plan, admin, network, ledger, workers } = this.scene;
    const worker = plan.pick(workers);
    const isShut = network.shutUsers.has(worker.id);
    if (admin.patch(worker.id, { disabled: !isShut }).status !== 200) return;
    this.scene.shut(worker.id);
    if (isShut) network.shutUsers.delete(worker.id);
    else {
      network.shutUsers.add(worker.id);
      ledger.fire("account_shut_while_away");
    }
  }

  resetPassword(): void {
    const { plan, admin, ledger, workers } = this.scene;
    const worker = plan.pick(workers);
    const answered = admin.patch(worker.id, { reset_password: true });
    if (answered.status !== 200) return;
    const { password } = JSON.parse(answered.body) as { password: string | null };
    if (password !== null) worker.password = password;
    this.scene.shut(worker.id);
    ledger.fire("password_reset_while_away");
  }

  /** The worker ends the session of one of their phones from elsewhere. */
  revokeDevice(): void {
    const { plan, workers, ledger, network } = this.scene;
    const worker = plan.pick(workers);
    if (network.shutUsers.has(worker.id)) return;
    const desk = new Desk(this.scene, worker);
    const list = desk.ask("GET", "/devices");
    if (list.status !== 200) return;
    const { items } = JSON.parse(list.body) as { items: { id: string; current: boolean; revoked: boolean }[] };
    const others = items.filter((one) => !one.current && !one.revoked);
    if (others.length === 0) return;
    const device = plan.pick(others);
    if (desk.ask("DELETE", `/devices/${device.id}`).status !== 204) return;
    this.scene.shut(worker.id, device.id);
    ledger.fire("device_revoked_while_away");
  }

  /** The worker's area changes; what they hold of the old one goes. */
  moveWorker(): void {
    const { plan, admin, ledger, workers } = this.scene;
    const worker = plan.pick(workers);
    const scope = plan.pick(["150602", "150603", "150602", "1506"]);
    if (admin.patch(worker.id, { scope }).status !== 200) return;
    if (scope === worker.scope) return;
    ledger.fire("worker_moved_to_another_area");
    (worker as { scope: string }).scope = scope;
    this.scene.shut(worker.id);
  }

  killServer(): void {
    const { server, clock, ledger } = this.scene;
    if (!server.isUp) return;
    ledger.fire("server_killed_between_requests");
    server.kill();
  }

  /** The server's disk lets nothing more be written for a while. */
  async badDisk(during: () => Promise<void>): Promise<void> {
    const { plan, server, clock, ledger } = this.scene;
    if (!server.isUp) server.start(clock.nowMs);
    const isFull = plan.happens(0.5);
    ledger.fire(isFull ? "disk_of_the_server_full" : "disk_of_the_server_read_only");
    server.execute(isFull ? "PRAGMA max_page_count = 1" : "PRAGMA query_only = ON");
    await during();
    // Whoever looks after the server makes room, and starts it again.
    server.kill();
    server.start(clock.nowMs);
  }

  takeBackup(): void {
    const { server, clock, workers } = this.scene;
    if (!server.isUp) server.start(clock.nowMs);
    server.backup("backup.db");
    this.backup = { atMs: clock.nowMs, passwords: new Map(workers.map((one) => [one.id, one.password])) };
  }

  /** The last backup comes back, when it is younger than what the phones keep. */
  async restore(): Promise<void> {
    const { server, clock, ledger, network, checks, workers, losses } = this.scene;
    const { backup } = this;
    if (!backup || clock.nowMs - backup.atMs > 5 * DAY_MS) return;
    ledger.fire("server_restored_from_an_older_backup");
    server.restore(clock.nowMs, "backup.db");
    ledger.history += 1;
    this.backup = null;
    network.forgetAnswers();
    checks.forgetServer();
    type User = { id: string; scope: string; shut: number };
    const users = server.rows<User>("SELECT json_object('id', id, 'scope', scope, 'shut', disabled_at IS NOT NULL) AS line FROM users");
    network.shutUsers.clear();
    for (const { id, scope, shut } of users) {
      const worker = workers.find((one) => one.id === id);
      if (worker) (worker as { scope: string }).scope = scope;
      if (shut === 1) network.shutUsers.add(id);
    }
    for (const worker of workers) worker.password = backup.passwords.get(worker.id) ?? worker.password;
    for (const { phone, users: own } of this.scene.handsets) {
      for (const user of own) await losses.serverRestored(phone, user.id);
    }
  }


  /** Something happens to a phone that lies in a pocket. */
  async pocket(handset: Handset): Promise<void> {
    const { plan, ledger, losses } = this.scene;
    const { phone } = handset;
    const users = handset.users.map((user) => user.id);
    ledger.trace(`${phone.name} lies in a pocket`);
    const what = plan.pick(["database_evicted", "site_data_cleared", "backup_taken", "backup_taken", "phone_restored", "journal_torn", "journal_bent"] as const);
    phone.closeAll();
    switch (what) {
      case "database_evicted":
        // The browser's journal holds the outbox, unless it had failed before.
        if ([...phone.journals.files.values()].length === 0 || (await this.isJournalBehind(handset))) return;
        for (const user of users) phone.restoring.set(user, new Set((await copiesOn(phone, user)).outbox));
        phone.evict(false);
        // Answers lie in the database alone: with a server that has forgotten them, too, they are nowhere.
        await losses.storageLost(phone, users, null);
        break;
      case "site_data_cleared":
        phone.restoring.clear();
        phone.evict(true);
        await losses.storageLost(phone, users, null);
        break;
      case "backup_taken":
        handset.image = await phone.image();
        return;
      case "phone_restored":
        if (!handset.image) return;
        await phone.become(handset.image);
        await losses.storageLost(phone, users, handset.image.takenMs);
        handset.image = null;
        break;
      case "journal_torn":
      case "journal_bent":
        for (const [name, bytes] of phone.journals.files) {
          // Whose database is gone has no other copy, and nobody promises to live through both.
          if (bytes.length === 0 || phone.restoring.has(name)) continue;
          const next = what === "journal_torn" ? bytes.slice(0, plan.below(bytes.length)) : Uint8Array.from(bytes);
          if (what === "journal_bent") next[plan.below(next.length)] = plan.below(256);
          phone.journals.files.set(name, next);
          handset.bentJournals.add(name);
        }
        ledger.fire(what);
        return;
    }
    ledger.fire(what);
  }

  /** Whether an operation lies only in the database, because the journal failed or was damaged. */
  private async isJournalBehind({ phone, users, bentJournals }: Handset): Promise<boolean> {
    if (bentJournals.size > 0) return true;
    for (const user of users) {
      const meta = await readStore<{ key: string; value: { is?: string } }>(phone.factory, `ruhu-${user.id}`, "meta");
      const kept = meta.find((row) => row.key === "journal")?.value.is === "kept";
      const outbox = await readStore<OutboxRow>(phone.factory, `ruhu-${user.id}`, "outbox");
      const text = Buffer.from(phone.journals.bytes(user.id)).toString("latin1");
      if (!kept && outbox.length > 0) return true;
      if (outbox.some((row) => !text.includes(row.id))) return true;
    }
    return false;
  }
}
