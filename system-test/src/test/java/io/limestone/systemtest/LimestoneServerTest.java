package io.limestone.systemtest;

import io.limestone.systemtest.parts.LimestoneServer;
import io.limestone.systemtest.parts.NoticeReceiver;
import io.limestone.systemtest.parts.Servers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Our agent and our server, run by Keylime's real tenant. */
class LimestoneServerTest extends KeylimeTenantStory {
  @Override
  Servers start(Path home, NoticeReceiver webhook, Path ekRoots) throws IOException {
    LimestoneServer server =
        new LimestoneServer(
            home,
            List.of(
                "verifier.quote_interval=0.5",
                "verifier.enabled_revocation_notifications=[\"agent\", \"webhook\"]",
                "verifier.webhook_url=https://127.0.0.1:" + webhook.port(),
                "registrar.tpm_cert_store=" + ekRoots));
    server.start();
    webhook.listen(server.caFolder());
    return server;
  }
}
