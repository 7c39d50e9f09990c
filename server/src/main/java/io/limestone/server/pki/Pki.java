package io.limestone.server.pki;

import io.limestone.server.store.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A folder with a CA's certificate, and a server's and a client's key and certificate, under the
 * file names of Keylime's CA folder. What is there is used as it is, also what Keylime made; an
 * empty folder is filled with a PKI of our own, whose CA key is {@code ca-private.pem}.
 */
public final class Pki {
  private static final String CA = "cacert.crt";
  private static final String CA_KEY = "ca-private.pem";

  private final Path folder;
  private final List<X509Certificate> authorities;
  private final KeyFiles server;
  private final KeyFiles client;
  private final X509ExtendedTrustManager clients;
  private final X509ExtendedTrustManager servers;

  private Pki(
      Path folder,
      List<X509Certificate> authorities,
      KeyFiles server,
      KeyFiles client,
      X509ExtendedTrustManager clients,
      X509ExtendedTrustManager servers) {
    this.folder = folder;
    this.authorities = authorities;
    this.server = server;
    this.client = client;
    this.clients = clients;
    this.servers = servers;
  }

  /** Whether a PKI lies in the folder. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(CA));
  }

  /**
   * Fills a folder.
   *
   * @param names names and addresses of the server, beside the loopback's and the host's own
   * @throws IOException also if a PKI is there already
   */
  public static void create(
      Path folder, List<String> names, InstantSource clock, SecureRandom random)
      throws IOException {
    if (exists(folder)) {
      throw new IOException(folder + ": there is a PKI already");
    }
    PrivateFiles.folder(folder);
    KeyPair caKey = CertificateAuthority.newKey(random);
    CertificateAuthority ca = CertificateAuthority.create(caKey, clock, random);
    PrivateFiles.create(
        folder.resolve(CA_KEY), ascii("PRIVATE KEY", caKey.getPrivate().getEncoded()));
    PrivateFiles.publish(
        folder.resolve("ca-public.pem"), ascii("PUBLIC KEY", caKey.getPublic().getEncoded()));
    List<String> all = new ArrayList<>(List.of("localhost", "127.0.0.1", "::1"));
    all.addAll(hostName());
    all.addAll(names);
    issue(folder, ca, CertificateAuthority.Purpose.SERVER, "server", "server", all, random);
    issue(folder, ca, CertificateAuthority.Purpose.CLIENT, "client", "client", List.of(), random);
    // Last: with it the folder counts as filled.
    try {
      PrivateFiles.publish(folder.resolve(CA), ascii("CERTIFICATE", ca.certificate().getEncoded()));
    } catch (CertificateEncodingException e) {
      throw new IOException(e);
    }
  }

  /**
   * Issues one more certificate: {@code FILE-cert.crt}, {@code FILE-private.pem}, {@code
   * FILE-public.pem} in the folder.
   *
   * @throws IOException also if the CA's key is not in the folder, or the files exist
   */
  public static X509Certificate issue(
      Path folder,
      CertificateAuthority.Purpose purpose,
      String file,
      String commonName,
      List<String> names,
      InstantSource clock,
      SecureRandom random)
      throws IOException {
    CertificateAuthority ca =
        new CertificateAuthority(
            Pem.certificates(folder.resolve(CA)).getFirst(),
            Pem.privateKey(folder.resolve(CA_KEY)),
            clock,
            random);
    return issue(folder, ca, purpose, file, commonName, names, random);
  }

  private static X509Certificate issue(
      Path folder,
      CertificateAuthority ca,
      CertificateAuthority.Purpose purpose,
      String file,
      String commonName,
      List<String> names,
      SecureRandom random)
      throws IOException {
    KeyPair pair = CertificateAuthority.newKey(random);
    X509Certificate certificate = ca.issue(purpose, commonName, names, pair.getPublic());
    KeyFiles.write(folder, file, pair, certificate);
    return certificate;
  }

  /**
   * The PKI in a folder.
   *
   * @param clientAuthorities PEM files, relative to the folder, whose client certificates are
   *     administrators
   * @throws IOException naming what is missing, unreadable, or open to others (T8)
   */
  public static Pki load(Path folder, List<String> clientAuthorities) throws IOException {
    List<X509Certificate> authorities = Pem.certificates(folder.resolve(CA));
    List<X509Certificate> trusted = new ArrayList<>();
    for (String file : clientAuthorities) {
      trusted.addAll(Pem.certificates(folder.resolve(file)));
    }
    if (trusted.isEmpty()) {
      throw new IOException("no CA for client certificates: nobody could be an administrator");
    }
    Path caKey = folder.resolve(CA_KEY);
    if (Files.exists(caKey)) {
      PrivateFiles.check(caKey);
    }
    return new Pki(
        folder,
        authorities,
        KeyFiles.read(folder, "server"),
        KeyFiles.read(folder, "client"),
        trust(trusted),
        trust(authorities));
  }

  /** The key of one more certificate in a folder, as {@link #issue} left it. */
  public static X509ExtendedKeyManager key(Path folder, String file) throws IOException {
    return new FixedKey(KeyFiles.read(folder, file));
  }

  public Path folder() {
    return folder;
  }

  /** The server's key and certificate, for listeners. */
  public X509ExtendedKeyManager serverKey() {
    return new FixedKey(server);
  }

  /** The client key that nodes know, for the polling client and the command line. */
  public X509ExtendedKeyManager clientKey() {
    return new FixedKey(client);
  }

  /** Accepts client certificates of the trusted CAs, valid now. */
  public X509ExtendedTrustManager clients() {
    return clients;
  }

  /** Accepts server certificates of the CA, valid now; names are not checked. */
  public X509ExtendedTrustManager servers() {
    return servers;
  }

  /** CA, server and client certificates, for expiry and display. */
  public List<X509Certificate> certificates() {
    List<X509Certificate> all = new ArrayList<>(authorities);
    all.addAll(server.chain());
    all.addAll(client.chain());
    return List.copyOf(all);
  }

  private static X509ExtendedTrustManager trust(List<X509Certificate> authorities)
      throws IOException {
    try {
      KeyStore anchors = KeyStore.getInstance("PKCS12");
      anchors.load(null, null);
      for (X509Certificate authority : authorities) {
        anchors.setCertificateEntry(String.valueOf(anchors.size()), authority);
      }
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(anchors);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
      throw new IllegalStateException("PKIX gives an extended trust manager in every JDK");
    } catch (GeneralSecurityException e) {
      throw new IOException("trusted certificates: " + e.getMessage(), e);
    }
  }

  private static List<String> hostName() {
    try {
      String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
      return name.matches("[A-Za-z0-9.-]{1,200}") ? List.of(name) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static byte[] ascii(String type, byte[] der) {
    return Pem.text(type, der).getBytes(StandardCharsets.US_ASCII);
  }
}
