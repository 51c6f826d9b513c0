package org.apache.zookeeper.server.quorum;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.server.DataTree;
import org.apache.zookeeper.server.Request;
import org.apache.zookeeper.server.ZKDatabase;
import org.apache.zookeeper.server.persistence.FileTxnSnapLog;
import org.apache.zookeeper.server.quorum.QuorumPeer.QuorumServer;
import org.apache.zookeeper.server.quorum.flexible.QuorumMaj;
import org.apache.zookeeper.txn.CreateTxn;
import org.apache.zookeeper.txn.ErrorTxn;
import org.apache.zookeeper.txn.SetDataTxn;
import org.apache.zookeeper.txn.TxnHeader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * @title@
 *
 * <p>@what@
 *
 * <p>Found in a model (variant @variant@) and told by <code>@command@</code>. What it begins with is
 * a promise of one follower, which is tested here on the follower itself: the leader is this test,
 * the log stands still before the first transaction that the follower lacked, and a copy of its disk
 * is what a process finds that is started after a kill.
 */
public class @class@ {

    @Test
    @Timeout(120)
    public void @method@() throws Exception {
@disk@

@steps@
    }

    /** How long a follower that waits for another of its threads is left to that. */
    private static final long PATIENCE_MS = 3000;

    @TempDir
    Path folder;

    private File disk;
    private HeldLog heldLog;
    private QuorumPeer peer;
    private Follower follower;
    private Thread learner;
    private ServerSocket port;
    private Socket socket;
    private BinaryInputArchive fromFollower;
    private BinaryOutputArchive toFollower;
    /** What a process would find when currentEpoch was written. */
    private final CompletableFuture<List<String>> epochWritten = new CompletableFuture<>();

    /** A transaction as it is logged and proposed. */
    private static class Transaction {

        final TxnHeader header;
        final Record record;

        Transaction(long zxid, int type, Record record) {
            this.header = new TxnHeader(1, 1, zxid, 1, type);
            this.record = record;
        }

        byte[] toBytes() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BinaryOutputArchive archive = BinaryOutputArchive.getArchive(bytes);
            header.serialize(archive, "hdr");
            record.serialize(archive, "txn");
            return bytes.toByteArray();
        }

        Request toRequest() {
            return new Request(
                header.getClientId(), header.getCxid(), header.getType(), header, record, header.getZxid());
        }

    }

    private static Transaction create(long zxid, String path, int value) {
        CreateTxn txn = new CreateTxn(path, data(value), ZooDefs.Ids.OPEN_ACL_UNSAFE, false, -1);
        return new Transaction(zxid, ZooDefs.OpCode.create, txn);
    }

    private static Transaction set(long zxid, String path, int value, int version) {
        return new Transaction(zxid, ZooDefs.OpCode.setData, new SetDataTxn(path, data(value), version));
    }

    private static Transaction rejected(long zxid) {
        ErrorTxn txn = new ErrorTxn(KeeperException.Code.BADVERSION.intValue());
        return new Transaction(zxid, ZooDefs.OpCode.error, txn);
    }

    private static byte[] data(int value) {
        return Integer.toString(value).getBytes(StandardCharsets.UTF_8);
    }

    /** Files of which the log stands still before a transaction. */
    private static class HeldLog extends FileTxnSnapLog {

        private final long heldFrom;
        private final CountDownLatch released = new CountDownLatch(1);
        private volatile Thread writer;

        HeldLog(File disk, long heldFrom) throws IOException {
            super(disk, disk);
            this.heldFrom = heldFrom;
        }

        @Override
        public boolean append(Request request) throws IOException {
            if (request.getHdr() != null && request.getHdr().getZxid() >= heldFrom) {
                writer = Thread.currentThread();
                try {
                    released.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            return super.append(request);
        }

    }

    private void onDisk(List<Transaction> snapshot, List<Transaction> log, long acceptedEpoch, long currentEpoch)
        throws IOException {
        disk = Files.createDirectory(folder.resolve("disk")).toFile();
        FileTxnSnapLog files = new FileTxnSnapLog(disk, disk);
        DataTree tree = new DataTree();
        for (Transaction transaction : snapshot) {
            tree.processTxn(transaction.header, transaction.record);
        }
        files.save(tree, new ConcurrentHashMap<>(), true);
        for (Transaction transaction : log) {
            files.append(transaction.toRequest());
        }
        files.commit();
        files.close();
        writeEpoch(files, QuorumPeer.ACCEPTED_EPOCH_FILENAME, acceptedEpoch);
        writeEpoch(files, QuorumPeer.CURRENT_EPOCH_FILENAME, currentEpoch);
    }

    private static void writeEpoch(FileTxnSnapLog files, String name, long epoch) throws IOException {
        byte[] digits = Long.toString(epoch).getBytes(StandardCharsets.UTF_8);
        Files.write(files.getSnapDir().toPath().resolve(name), digits);
    }

    /** Starts the follower, whose log stands still from this transaction on. */
    private void start(long heldFrom) throws Exception {
        System.setProperty("zookeeper.admin.enableServer", "false");
        heldLog = new HeldLog(disk, heldFrom);
        peer = new QuorumPeer() {
            @Override
            public void setCurrentEpoch(long epoch) throws IOException {
                super.setCurrentEpoch(epoch);
                epochWritten.complete(found());
            }
        };
        peer.tickTime = 6000;
        peer.initLimit = 10;
        peer.syncLimit = 10;
        Map<Long, QuorumServer> servers = new HashMap<>();
        for (long id = 0; id < @servers@; id++) {
            InetSocketAddress nowhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
            servers.put(id, new QuorumServer(id, nowhere, nowhere, nowhere));
        }
        peer.setQuorumVerifier(new QuorumMaj(servers), false);
        ZKDatabase database = new ZKDatabase(heldLog);
        database.loadDataBase();
        peer.setTxnFactory(heldLog);
        peer.setZKDatabase(database);
        FollowerZooKeeperServer server = new FollowerZooKeeperServer(heldLog, peer, database);
        port = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        QuorumServer leader = new QuorumServer(@leader@, (InetSocketAddress) port.getLocalSocketAddress());
        follower = new Follower(peer, server) {
            @Override
            protected QuorumServer findLeader() {
                return leader;
            }
        };
        peer.follower = follower;
        learner = new Thread(() -> {
            try {
                follower.followLeader();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }, "learner");
        learner.start();
        socket = port.accept();
        fromFollower = BinaryInputArchive.getArchive(socket.getInputStream());
        toFollower = BinaryOutputArchive.getArchive(socket.getOutputStream());
    }

    private void send(int type, long zxid) throws IOException {
        byte[] protocolVersion = {0, 1, 0, 0};
        send(new QuorumPacket(type, zxid, type == Leader.LEADERINFO ? protocolVersion : null, null));
    }

    private void propose(Transaction transaction) throws IOException {
        long zxid = transaction.header.getZxid();
        send(new QuorumPacket(Leader.PROPOSAL, zxid, transaction.toBytes(), null));
    }

    private void send(QuorumPacket packet) throws IOException {
        toFollower.writeRecord(packet, "packet");
    }

    private void expect(int type, long zxid) throws IOException {
        QuorumPacket packet = new QuorumPacket();
        do {
            fromFollower.readRecord(packet, "packet");
        } while (packet.getType() == Leader.PING);
        assertEquals(type, packet.getType(), "type of " + packet);
        assertEquals(Long.toHexString(zxid), Long.toHexString(packet.getZxid()), "zxid of " + packet);
    }

    /** What a process would find when NEWLEADER is acknowledged. */
    private CompletableFuture<List<String>> acknowledged() {
        CompletableFuture<List<String>> acknowledged = new CompletableFuture<>();
        new Thread(() -> {
            try {
                QuorumPacket packet = new QuorumPacket();
                do {
                    fromFollower.readRecord(packet, "packet");
                } while (packet.getType() != Leader.ACK);
                acknowledged.complete(found());
            } catch (Throwable e) {
                acknowledged.completeExceptionally(e);
            }
        }, "leader").start();
        return acknowledged;
    }

    /** The transactions that a process finds which is started after a kill at this moment. */
    private List<String> found() throws IOException {
        Path killed = Files.createTempDirectory(folder, "killed");
        Path version = Files.createDirectory(killed.resolve(heldLog.getSnapDir().getName()));
        for (File file : heldLog.getSnapDir().listFiles()) {
            Files.copy(file.toPath(), version.resolve(file.getName()));
        }
        FileTxnSnapLog files = new FileTxnSnapLog(killed.toFile(), killed.toFile());
        List<String> found = new ArrayList<>();
        files.restore(new DataTree(), new ConcurrentHashMap<>(),
            (header, record, digest) -> found.add("0x" + Long.toHexString(header.getZxid())));
        files.close();
        return found;
    }

    /** Once a promise is made, a process would find these, whether or not the log moves on. */
    private void assertFound(String promise, CompletableFuture<List<String>> promised, long... zxids)
        throws Exception {
        long waited = 0;
        while (!promised.isDone() && heldLog.writer != learner && waited < PATIENCE_MS) {
            Thread.sleep(10);
            // A follower that reads its connection has not come to its answer yet.
            boolean waits = heldLog.writer != null && learner.getState() != Thread.State.RUNNABLE;
            waited = waits ? waited + 10 : 0;
        }
        heldLog.released.countDown();
        List<String> found = promised.get();
        for (long zxid : zxids) {
            String wanted = "0x" + Long.toHexString(zxid);
            assertTrue(found.contains(wanted), promise + ", and a process that is started from its disk then "
                + "lacks " + wanted + ": it finds " + found);
        }
    }

    @AfterEach
    public void shutdown() throws Exception {
        if (heldLog != null) {
            heldLog.released.countDown();
        }
        if (follower != null) {
            follower.shutdown();
            learner.join();
            peer.shutdown();
        }
        if (socket != null) {
            socket.close();
        }
        if (port != null) {
            port.close();
        }
    }

}
