import type { WorkloadAccess } from './state/mesh-state.js';

/**
 * The environment of a command that runs as a workload: whatever proxies were configured are cleared, as they would lead around the
 * mesh, and everything goes to the workload's own outbound path, which resolves the names (`socks5h`).
 */
export function proxyEnvironment(inherited: NodeJS.ProcessEnv, access: WorkloadAccess): NodeJS.ProcessEnv {
  const environment = Object.fromEntries(Object.entries(inherited).filter(([name]) => !isProxyVariable(name)));
  if (access.proxy === undefined) return environment;
  const { username, password, address, port } = access.proxy;
  const proxy = `socks5h://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${address}:${port}`;
  return { ...environment, ALL_PROXY: proxy, all_proxy: proxy };
}

/** `http_proxy`, `NO_PROXY`, `npm_config_https_proxy`, `npm_config_noproxy` and their like. */
function isProxyVariable(name: string): boolean {
  return /(^|_)(no_?)?proxy$/i.test(name);
}
