import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/**
 * Loaded into the gateway before anything of its own: names under `.test` are resolved as their first label says,
 * without any name server. What passes for a public address is loopback in truth, and only for the connection.
 */
type Callback = (error: Error | null, addresses?: unknown, family?: number) => void;

const PUBLIC = '93.184.216.34';
const PRIVATE = '127.0.0.1';
const SLOW_MS = 60_000;

let flips = 0;

function resolve(name: string, options: dns.LookupOptions, callback: Callback): void {
  const fail = (code: string): void => callback(Object.assign(new Error(`${code} ${name}`), { code }));
  const answer = (address: string): void =>
    options.all === true ? callback(null, [{ address, family: 4 }]) : callback(null, address, 4);
  if (name.startsWith('missing')) fail('ENOTFOUND');
  else if (name.startsWith('failing')) fail('EAI_AGAIN');
  else if (name.startsWith('slow')) setTimeout(() => answer(PUBLIC), SLOW_MS).unref();
  else if (name.startsWith('private')) answer(PRIVATE);
  else if (name.startsWith('flipping')) {
    flips += 1;
    answer(flips === 1 ? PUBLIC : PRIVATE);
  } else answer(PUBLIC);
}

function toLoopback(addresses: unknown): unknown {
  if (Array.isArray(addresses))
    return addresses.map((entry) => ({ ...entry, address: toLoopback(entry.address) }));
  return addresses === PUBLIC ? PRIVATE : addresses;
}

const lookup = dns.lookup;
const isScripted = (name: unknown): name is string => typeof name === 'string' && name.endsWith('.test');
const scripted = (name: string, options: unknown, callback: Callback): void => {
  if (!isScripted(name)) Reflect.apply(lookup, dns, [name, options, callback]);
  else if (typeof options === 'function') resolve(name, {}, options as Callback);
  else resolve(name, options as dns.LookupOptions, callback);
};
dns.lookup = scripted as unknown as typeof dns.lookup;

const connect = net.connect;
net.connect = ((options: net.TcpNetConnectOpts, ...rest: unknown[]) => {
  const judge = options.lookup ?? (scripted as unknown as net.LookupFunction);
  const rerouted: net.LookupFunction = (name, lookupOptions, callback) =>
    judge(name, lookupOptions, (error, addresses, family) =>
      callback(error, toLoopback(addresses) as string, family),
    );
  const isOurs = isScripted(options.host);
  return Reflect.apply(connect, net, [isOurs ? { ...options, lookup: rerouted } : options, ...rest]);
}) as typeof net.connect;
syncBuiltinESMExports();
