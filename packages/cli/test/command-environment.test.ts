import { expect, test } from 'vitest';
import { commandEnvironment } from '../src/command-environment.js';

const workload = { key: 'a/b', namespace: 'a', name: 'b', ownerName: 'b' };
const proxy = { username: 'u', password: 'p@/', address: '127.1.2.3', port: 15080 };

test('every inherited proxy variable is cleared and one proxy is set', () => {
  const inherited = {
    PATH: '/bin',
    http_proxy: 'x',
    HTTPS_PROXY: 'x',
    NO_PROXY: 'httpbin',
    no_proxy: '*',
    npm_config_https_proxy: 'x',
    npm_config_noproxy: 'x',
    PROXY_LIST: 'kept',
  };
  const url = 'socks5h://u:p%40%2F@127.1.2.3:15080';
  expect(commandEnvironment(inherited, { ...workload, proxy })).toEqual({
    PATH: '/bin',
    PROXY_LIST: 'kept',
    ALL_PROXY: url,
    all_proxy: url,
  });
});

test('proxy variables are cleared as well for a workload without a proxy of its own', () => {
  expect(commandEnvironment({ ALL_PROXY: 'x', HOME: '/' }, workload)).toEqual({ HOME: '/' });
});
