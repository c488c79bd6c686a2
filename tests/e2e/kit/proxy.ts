// A wire that can be cut: a TCP proxy in front of the server. The browser's own "offline" does not reach a running
// service worker; this reaches everything.
import { type Socket, connect, createServer } from "node:net";

export interface Proxy {
  url: string;
  /** Breaks every connection and refuses new ones. */
  cut: () => void;
  /** Lets connections through again. */
  heal: () => void;
  close: () => Promise<void>;
}

export async function startProxy(toPort: number): Promise<Proxy> {
  const open = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    // A broken connection is what this is for.
    socket.on("error", () => socket.destroy());
  };
  const listener = createServer((near) => {
    keep(near);
    if (isCut) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(toPort, "127.0.0.1");
    keep(far);
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const port = await new Promise<number>((resolve, reject) => {
    listener.on("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const address = listener.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  const drop = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    url: `http://localhost:${port}`,
    cut: () => {
      isCut = true;
      drop();
    },
    heal: () => {
      isCut = false;
    },
    close: async () => {
      drop();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
