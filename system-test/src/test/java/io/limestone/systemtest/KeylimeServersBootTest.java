package io.limestone.systemtest;

import io.limestone.systemtest.parts.KeylimePackage;
import io.limestone.systemtest.parts.KeylimeServers;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Servers;
import java.io.IOException;
import java.nio.file.Path;

/** What Keylime's real verifier says of the same boots. */
class KeylimeServersBootTest extends TenantBootStory {
  @Override
  Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException {
    return KeylimeServers.start(KeylimePackage.installed(), home, webhook, "0.5", "example");
  }
}
