package io.limestone.agent;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import io.limestone.agent.AgentConfig.IdSource;
import io.limestone.agent.NodeResources.Logs;
import io.limestone.keylime.Activation;
import io.limestone.keylime.AgentTls;
import io.limestone.keylime.ApiVersion;
import io.limestone.keylime.Challenge;
import io.limestone.keylime.NodeId;
import io.limestone.keylime.Registration;
import io.limestone.tpm.CredentialBlob;
import io.limestone.tpm.HashAlg;
import io.limestone.tss.Tpm;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** The attester: registers its TPM and answers quotes until it is told to stop. */
public final class Agent {
  private static final int BACKLOG = 128;
  private static final long ORDERLY_END_SECONDS = 4;

  private final AgentConfig config;

  private Agent(AgentConfig config) {
    this.config = config;
  }

  /**
   * Runs until the process is told to end, which it then does with exit code 0.
   *
   * @return the exit code where the agent ends by itself: 1, it could not do its work
   */
  public static int run(AgentConfig config) {
    Thread main = Thread.currentThread();
    CountDownLatch ended = new CountDownLatch(1);
    Thread hook =
        new Thread(
            () -> {
              main.interrupt();
              awaitQuietly(ended);
              Runtime.getRuntime().halt(0);
            },
            "orderly end");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      attest(config);
    } catch (InterruptedException e) {
      Log.info("agent stopped");
      return 0;
    } catch (IOException | GeneralSecurityException | MalformedException e) {
      if (removeHook(hook)) {
        Log.error("agent ends", "reason", e.getMessage());
        return 1;
      }
    } finally {
      ended.countDown();
    }
    return 0;
  }

  /** Registers and serves until the calling thread is interrupted. */
  static void attest(AgentConfig config)
      throws IOException, GeneralSecurityException, InterruptedException {
    boundHttpServer();
    new Agent(config).attest();
  }

  /** False if the hook is running already: then the process is ending in order. */
  private static boolean removeHook(Thread hook) {
    try {
      return Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      return false;
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      if (!latch.await(ORDERLY_END_SECONDS, TimeUnit.SECONDS)) {
        Log.warning("agent did not end in time");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The JDK's HTTP server takes its bounds from system properties, read once. */
  private static void boundHttpServer() {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    System.setProperty("sun.net.httpserver.maxReqTime", "60");
    System.setProperty("sun.net.httpserver.maxRspTime", "600");
    System.setProperty("sun.net.httpserver.maxReqHeaders", "64");
    System.setProperty("sun.net.httpserver.maxReqHeaderSize", "32768");
    System.setProperty("sun.net.httpserver.idleInterval", "300");
    System.setProperty("jdk.httpserver.maxConnections", "64");
  }

  private void attest() throws IOException, GeneralSecurityException, InterruptedException {
    if (!config.unused().isEmpty()) {
      Log.warning("options without meaning", "names", config.unused());
    }
    try (Tpm tpm = Tpm.open(config.tcti());
        Logs logs = openLogs();
        SecureFolder folder = settle();
        TransportKeyMaking transportKey = new TransportKeyMaking(config.payload());
        Attester attester = Attester.prepare(tpm, config)) {
      serve(tpm, attester, logs, folder, transportKey);
    }
  }

  /**
   * The first start makes an RSA key, which takes as long as the TPM needs for its own: beside it.
   */
  private static final class TransportKeyMaking implements AutoCloseable {
    private final FutureTask<KeyPair> made;

    TransportKeyMaking(AgentConfig.PayloadOptions options) {
      made =
          new FutureTask<>(
              () -> KeyFiles.rsa2048(options.transportKey(), options.transportKeyPassword()));
      Thread.ofPlatform().daemon().name("transport key").start(made);
    }

    KeyPair get() throws IOException, GeneralSecurityException, InterruptedException {
      try {
        return made.get();
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case IOException io -> throw io;
          case GeneralSecurityException security -> throw security;
          case MalformedException malformed -> throw malformed;
          case null, default -> throw new IllegalStateException("making the transport key", e);
        }
      }
    }

    @Override
    public void close() {
      made.cancel(true);
    }
  }

  /** What only root may do, and then to be root no more. */
  private SecureFolder settle() throws IOException {
    Optional<Posix.User> user = Optional.empty();
    int gid = 0;
    if (Posix.effectiveUserId() == 0 && config.runAs().isPresent()) {
      String name = config.runAs().get().user();
      user =
          Optional.of(
              Posix.user(name)
                  .orElseThrow(
                      () ->
                          new IOException(
                              "run_as: there is no user "
                                  + name
                                  + "; make it, or set run_as = \"\" to stay root")));
      gid = user.get().gid();
      Optional<String> group = config.runAs().get().group();
      if (group.isPresent()) {
        gid =
            Posix.groupId(group.get())
                .orElseThrow(() -> new IOException("run_as: there is no group " + group.get()));
      }
    }
    SecureFolder folder =
        SecureFolder.prepare(config.payload().folder(), config.payload().maxBytes(), user, gid);
    if (user.isPresent()) {
      Posix.become(user.get(), gid);
      Log.info("privileges dropped", "user", user.get().name());
    }
    return folder;
  }

  private Logs openLogs() {
    Optional<ImaLogFile> ima = Optional.empty();
    Optional<FileChannel> boot = Optional.empty();
    try {
      ima = Optional.of(ImaLogFile.open(config.imaLog()));
    } catch (IOException e) {
      missing("IMA log", config.imaLog(), e);
    }
    try {
      boot = Optional.of(FileChannel.open(config.bootLog(), StandardOpenOption.READ));
    } catch (IOException e) {
      missing("boot log", config.bootLog(), e);
    }
    return new Logs(ima, boot);
  }

  private static void missing(String what, Path file, IOException e) {
    Log.warning(what + " is not available", "file", file, "reason", e);
  }

  private void serve(
      Tpm tpm, Attester attester, Logs logs, SecureFolder folder, TransportKeyMaking making)
      throws IOException, GeneralSecurityException, InterruptedException {
    NodeId id =
        switch (config.id()) {
          case IdSource.Fixed fixed -> fixed.id();
          case IdSource.HashOfEk hash -> attester.hashOfEk();
        };
    Optional<ServerTls> tls = Optional.empty();
    if (config.tls().isPresent()) {
      tls = Optional.of(ServerTls.prepare(config.tls().get(), id.value(), config.contact().host()));
    }
    RegistrarClient registrar =
        new RegistrarClient(config.registrar(), config.backoff(), config.apiVersions());
    List<ApiVersion> versions = registrar.negotiate();
    // Bound before the registrar makes the address known: who comes at once waits in the backlog,
    // while the transport key is still being made, and is not refused.
    HttpServer server = listen(tls);
    try (Worker worker = new Worker();
        ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor()) {
      try {
        register(id, attester, tls, registrar, versions);
        attester.unloadEk();
        KeyPair transportKey = making.get();
        String transportKeyPem =
            Pem.text("PUBLIC KEY", Bytes.of(transportKey.getPublic().getEncoded()));
        PayloadBox payload = new PayloadBox(config.payload(), id, folder, tls.isPresent());
        NodeResources resources =
            new NodeResources(
                id,
                config.tpm().ak(),
                attester.ak().esysHandle(),
                transportKeyPem,
                new Quoter(tpm, attester.ak(), config.tpm().hash(), transportKeyPem),
                logs,
                new KeyShares(id, transportKey.getPrivate()),
                worker,
                payload,
                new Revocations(config.revocation(), payload, config.home()));
        server.setExecutor(requests);
        server.createContext("/", new AgentApi(config.apiVersions(), resources));
        server.start();
        Log.info("agent listens", "address", config.listen(), "tls", tls.isPresent());
        new CountDownLatch(1).await();
      } finally {
        server.stop(0);
        requests.shutdownNow();
      }
    }
  }

  private HttpServer listen(Optional<ServerTls> tls) throws IOException {
    InetSocketAddress address =
        new InetSocketAddress(config.listen().host(), config.listen().port());
    try {
      if (tls.isEmpty()) {
        return HttpServer.create(address, BACKLOG);
      }
      HttpsServer server = HttpsServer.create(address, BACKLOG);
      server.setHttpsConfigurator(tls.get().configurator());
      return server;
    } catch (IOException e) {
      throw new IOException("cannot listen on " + config.listen() + ": " + e.getMessage(), e);
    }
  }

  private void register(
      NodeId id,
      Attester attester,
      Optional<ServerTls> tls,
      RegistrarClient registrar,
      List<ApiVersion> versions)
      throws IOException, GeneralSecurityException, InterruptedException {
    Optional<Attester.DeviceKeys> device = Optional.empty();
    if (config.deviceIdentity().isPresent()) {
      Bytes name = Bytes.of(id.value().getBytes(StandardCharsets.UTF_8));
      boolean hashed = versions.getFirst().compareTo(new ApiVersion(2, 6)) >= 0;
      device =
          Optional.of(
              attester.deviceKeys(
                  config.deviceIdentity().get(), hashed ? HashAlg.SHA256.digest(name) : name));
    }
    RegistrarClient.Registered registered =
        registrar.register(id, registration(attester, tls, device), versions);
    CredentialBlob blob = CredentialBlob.parse(registered.credentialBlob());
    Challenge challenge = new Challenge(attester.activate(blob.idObject(), blob.secret()));
    registrar.activate(id, new Activation(challenge.authTag(id)), registered.version());
    Log.info(
        "agent registered",
        "id",
        id,
        "registrar",
        config.registrar(),
        "api_version",
        registered.version());
  }

  private Registration registration(
      Attester attester, Optional<ServerTls> tls, Optional<Attester.DeviceKeys> device) {
    return new Registration(
        Optional.empty(),
        Optional.of(attester.ak().publicArea()),
        Optional.of(attester.ekPublic()),
        attester.ekChain(),
        device.map(Attester.DeviceKeys::iakPublic),
        device.map(Attester.DeviceKeys::iakCertificate),
        device.map(Attester.DeviceKeys::idevidPublic),
        device.map(Attester.DeviceKeys::idevidCertificate),
        device.map(Attester.DeviceKeys::attest),
        device.map(Attester.DeviceKeys::signature),
        Optional.of(config.contact().host()),
        Optional.of(config.contact().port()),
        Optional.of(
            tls.<AgentTls>map(t -> new AgentTls.Pinned(t.certificate()))
                .orElseGet(AgentTls.Disabled::new)));
  }
}
