import type { CommandUser } from './isolation/command-user.js';
import { userEnvironment } from './isolation/workload-launcher.js';
import type { WorkloadAccess } from './state/mesh-state.js';

/**
 * The environment of a command that runs as a workload: whatever proxies were configured are cleared, as they would lead around the
 * mesh, and everything goes to the workload's own outbound path, which resolves the names (`socks5h`). In an isolated mesh (`user`) it goes
 * there by itself, and the proxy is told only to those who want to use one.
 */
export function commandEnvironment(inherited: NodeJS.ProcessEnv, access: WorkloadAccess, user?: CommandUser): NodeJS.ProcessEnv {
  const environment = Object.fromEntries(Object.entries(inherited).filter(([name]) => !isProxyVariable(name)));
  if (access.proxy === undefined) return environment;
  const { username, password, address, port } = access.proxy;
  const host = address.includes(':') ? `[${address}]` : address;
  const proxy = `socks5h://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${host}:${port}`;
  if (user !== undefined) return { ...userEnvironment(environment, user), SALLYPORT_PROXY: proxy };
  return { ...environment, ALL_PROXY: proxy, all_proxy: proxy };
}

/** `http_proxy`, `NO_PROXY`, `npm_config_https_proxy`, `npm_config_noproxy` and their like. */
function isProxyVariable(name: string): boolean {
  return /(^|_)(no_?)?proxy$/i.test(name);
}
