import { settingsFrame, windowUpdateFrame } from './frame-writer.js';
import type { Http2Limits } from './limits.js';
import { clientPreface, defaultWindow, setting } from './protocol.js';

/** What a side says first: its preface, its settings, and how far its window reaches (RFC 9113 section 3.4). */
export function openingFrames(role: 'client' | 'server', limits: Http2Limits): Buffer[] {
  const { streamWindow, connectionWindow, maxFrameSize, maxConcurrentStreams, maxHeaderListSize } = limits;
  const settings = [
    { id: setting.enablePush, value: 0 },
    { id: setting.maxConcurrentStreams, value: role === 'server' ? maxConcurrentStreams : 0 },
    { id: setting.initialWindowSize, value: streamWindow },
    { id: setting.maxFrameSize, value: maxFrameSize },
    { id: setting.maxHeaderListSize, value: maxHeaderListSize },
  ];
  return [
    ...(role === 'client' ? [clientPreface] : []),
    // A server must not send ENABLE_PUSH with any value but 0; it need not send it (RFC 9113 section 6.5.2).
    settingsFrame(role === 'client' ? settings : settings.slice(1)),
    ...(connectionWindow > defaultWindow ? [windowUpdateFrame(0, connectionWindow - defaultWindow)] : []),
  ];
}
