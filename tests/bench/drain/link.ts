// A slow link between a phone and the server, over real TCP.
//
// Each way has a rate; every segment of at most 1,460 bytes (40 more count for its headers) waits for the link to be
// free, then travels half of the round trip. A lost segment comes after a retransmission timeout, twice as long for
// each further loss, and holds back everything behind it in its connection, as TCP does. A new connection costs two
// round trips more (TCP and TLS 1.3). No fast retransmit, no loss of acknowledgements: the first makes the link worse
// than real ones, the second a little better.
import { createServer, connect, type Server, type Socket } from "node:net";

export interface LinkOptions {
  readonly bitsPerSecond: number;
  readonly roundTripMs: number;
  readonly loss: number;
  readonly retransmitMs: number;
  readonly random: () => number;
}

const SEGMENT = 1460;
const HEADERS = 40;

export class Link {
  /** Whether the phone has a signal. */
  isUp = false;
  segments = 0;
  lost = 0;
  private freeAtMs = { up: 0, down: 0 };
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  private readonly to: number;
  private readonly options: LinkOptions;

  constructor(to: number, options: LinkOptions) {
    this.to = to;
    this.options = options;
  }

  async listen(): Promise<number> {
    this.server = createServer((phone) => this.join(phone));
    await new Promise<void>((resolve) => this.server!.listen(0, "127.0.0.1", resolve));
    const address = this.server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    return address.port;
  }

  /** The signal goes: every connection breaks. */
  cut(): void {
    this.isUp = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  private join(phone: Socket): void {
    if (!this.isUp) {
      phone.destroy();
      return;
    }
    const server = connect(this.to, "127.0.0.1");
    const readyMs = performance.now() + 2 * this.options.roundTripMs;
    this.carry(phone, server, "up", readyMs);
    this.carry(server, phone, "down", readyMs);
    for (const socket of [phone, server]) {
      socket.setNoDelay(true);
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.sockets.delete(socket);
        phone.destroy();
        server.destroy();
      });
    }
  }

  private carry(from: Socket, to: Socket, way: "up" | "down", readyMs: number): void {
    let arrivedMs = 0;
    from.on("data", (bytes: Buffer) => {
      for (let at = 0; at < bytes.length; at += SEGMENT) {
        const piece = bytes.subarray(at, at + SEGMENT);
        // In order: nothing overtakes what was sent before in the same connection.
        arrivedMs = Math.max(arrivedMs, this.arrival(piece.length, way, readyMs));
        setTimeout(() => to.write(piece), arrivedMs - performance.now());
      }
    });
  }

  /** When a segment that is sent now comes out at the other end. */
  private arrival(bytes: number, way: "up" | "down", readyMs: number): number {
    const { bitsPerSecond, roundTripMs, loss, retransmitMs, random } = this.options;
    const tookMs = ((bytes + HEADERS) * 8_000) / bitsPerSecond;
    const sentMs = Math.max(performance.now(), readyMs, this.freeAtMs[way]) + tookMs;
    this.freeAtMs[way] = sentMs;
    this.segments += 1;
    let waitMs = 0;
    for (let timeout = retransmitMs; random() < loss; timeout *= 2) {
      waitMs += timeout;
      this.lost += 1;
    }
    return sentMs + waitMs + roundTripMs / 2;
  }
}
