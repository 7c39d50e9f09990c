package io.limestone.cli.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.limestone.cli.CommandRun;
import io.limestone.tpm.HashAlg;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two policies told apart by package, whatever knows the packages. */
class DiffByPackageTest extends OnPolicyFiles {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  @BeforeEach
  void policies() throws IOException {
    convert("old", A + " /usr/bin/httpd\n" + A + " /usr/bin/gone\n" + A + " /srv/own\n");
    convert("new", B + " /usr/bin/httpd\n" + B + " /usr/lib/mod.so\n" + B + " /usr/bin/fresh\n");
  }

  @Test
  void dpkgKnowsThePackages() throws IOException {
    write("root/var/lib/dpkg/info/httpd.list", "/usr/bin/httpd\n/lib/mod.so\n");
    write("root/var/lib/dpkg/info/gone:amd64.list", "/usr/bin/gone\n");
    write("root/var/lib/dpkg/info/fresh.list", "/usr/bin/fresh\n");
    saysIt(file("root"));
    CommandRun all =
        policy("diff", file("old"), file("new"), "--packages", file("root"), "--all").exits(1);
    all.says("package httpd", "    /usr/bin/httpd");
  }

  @Test
  void anRpmRepositoryKnowsThePackages() throws IOException {
    String lists =
        """
        <filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="3">
        <package name="httpd"><version ver="2" rel="1"/><file>/usr/bin/httpd</file>
        <file>/usr/lib/mod.so</file></package>
        <package name="gone"><version ver="1" rel="1"/><file>/usr/bin/gone</file></package>
        <package name="fresh"><version ver="1" rel="1"/><file>/usr/bin/fresh</file></package>
        </filelists>
        """;
    String sum = HashAlg.SHA256.digest(Bytes.of(lists.getBytes(StandardCharsets.UTF_8))).hex();
    write("repo/repodata/filelists.xml", lists);
    write(
        "repo/repodata/repomd.xml",
        """
        <repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="filelists">
        <checksum type="sha256">%s</checksum><location href="repodata/filelists.xml"/></data></repomd>
        """
            .formatted(sum));
    saysIt(file("repo"));
    policy("diff", file("old"), file("new"), "--packages", file("nowhere"))
        .exits(2)
        .says("has no data base of packages");
  }

  @Test
  void rpmsDataBaseKnowsThePackages() throws Exception {
    Path file = folder.resolve("rpm/usr/lib/sysimage/rpm/rpmdb.sqlite");
    Files.createDirectories(file.getParent());
    try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = database.createStatement()) {
      statement.execute("create table Packages (hnum integer primary key, blob blob not null)");
      try (PreparedStatement insert =
          database.prepareStatement("insert into Packages (blob) values (?)")) {
        for (byte[] header :
            List.of(
                header("httpd", "/usr/bin/httpd", "/usr/lib/mod.so"),
                header("gone", "/usr/bin/gone"),
                header("fresh", "/usr/bin/fresh"))) {
          insert.setBytes(1, header);
          insert.execute();
        }
      }
    }
    saysIt(file("rpm"));
    write("broken/var/lib/rpm/rpmdb.sqlite", "not a data base at all, but long enough to be one");
    policy("diff", file("old"), file("new"), "--packages", file("broken"))
        .exits(1)
        .says("not rpm's data base");
  }

  /** An entry of rpm's data base: name, and files in the directory {@code /}. */
  private static byte[] header(String name, String... files) throws IOException {
    ByteArrayOutputStream store = new ByteArrayOutputStream();
    ByteArrayOutputStream tags = new ByteArrayOutputStream();
    tag(tags, 1000, 6, store.size(), 1);
    store.writeBytes((name + "\0").getBytes(StandardCharsets.UTF_8));
    tag(tags, 1117, 8, store.size(), files.length);
    for (String file : files) {
      store.writeBytes((file.substring(1) + "\0").getBytes(StandardCharsets.UTF_8));
    }
    tag(tags, 1118, 8, store.size(), 1);
    store.writeBytes("/\0".getBytes(StandardCharsets.UTF_8));
    tag(tags, 1116, 4, store.size(), files.length);
    store.writeBytes(new byte[4 * files.length]);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(whole);
    out.writeInt(4);
    out.writeInt(store.size());
    out.write(tags.toByteArray());
    out.write(store.toByteArray());
    return whole.toByteArray();
  }

  private static void tag(ByteArrayOutputStream tags, int... record) throws IOException {
    DataOutputStream out = new DataOutputStream(tags);
    for (int field : record) {
      out.writeInt(field);
    }
  }

  @Test
  void aDebianRepositoryKnowsThePackages() throws IOException {
    String contents =
        "usr/bin/httpd web/httpd\nlib/mod.so web/httpd\nusr/bin/gone x/gone\nusr/bin/fresh x/fresh\n";
    write("deb/dists/stable/main/Contents-amd64.gz", contents);
    write(
        "deb/dists/stable/Release",
        "Suite: stable\nSHA256:\n " + A + " " + contents.length() + " main/Contents-amd64.gz\n");
    saysIt(file("deb") + " stable main");
  }

  private void saysIt(String packages) {
    policy("diff", file("old"), file("new"), "--packages", packages)
        .exits(1)
        .says(
            "packages: 1 added, 1 removed, 1 changed",
            "fresh    added    1 added             may be installed and run",
            "gone     removed  1 removed           untrusted once they run it",
            "httpd    changed  1 added, 1 changed  untrusted while they run the version before",
            "1 digests removed: nodes that run these become untrusted",
            "  /srv/",
            "    own");
    JsonObject json =
        policy("diff", file("old"), file("new"), "--packages", packages, "--json").exits(1).json();
    assertThat(json.list("packages")).hasSize(3);
    assertThat(json.list("differences"))
        .extracting(one -> ((JsonObject) one).members().get("package"))
        .contains("httpd", "gone", "fresh", null);
  }

  private void convert(String name, String list) throws IOException {
    write(name + ".txt", list);
    policy("convert", file(name + ".txt"), "--output", file(name)).exits(0);
  }
}
