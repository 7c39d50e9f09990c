package io.limestone.systemtest;

import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.KeylimeServers;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Servers;
import java.io.IOException;
import java.nio.file.Path;

/** Our agent between Keylime's real registrar, verifier and tenant. */
class KeylimeServersTest extends KeylimeTenantStory {
  @Override
  Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException {
    return KeylimeServers.start(KeylimePackage.installed(), home, webhook, "0.5", "accept-all");
  }
}
